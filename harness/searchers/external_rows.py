"""Adapters of libraries that know nothing but the unit cube: choices become one-hot columns, all else one column."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.core.encode import Encoder
from harness.core.protocols import Context
from harness.searchers.external import Data, ExternalOptions, ExternalSearcher, Point


@dataclass(frozen=True)
class Rows:
    """`Data` in [0, 1]^d.

    Attributes:
        points: shape (n, d).
        losses: shape (n,).
        pending: shape (m, d), m may be 0.
    """

    points: np.ndarray
    losses: np.ndarray
    pending: np.ndarray


class RowSearcher(ExternalSearcher):
    """Base of the adapters; what comes back is rounded to the nearest configuration."""

    def __init__(self, context: Context, options: ExternalOptions) -> None:
        super().__init__(context, options)
        self._encoder = Encoder(context.problem.space)

    @abstractmethod
    def propose_row(self, rows: Rows, seed: int) -> np.ndarray:
        """The library's next point, of shape (d,)."""

    def propose(self, data: Data, seed: int) -> Point:
        rows = Rows(self._encoded(data.points), np.array(data.losses), self._encoded(data.pending))
        return self.point(self._encoder.decode(self.propose_row(rows, seed)))

    def _encoded(self, points: Sequence[Point]) -> np.ndarray:
        return self._encoder.encode_many([self.config(point) for point in points])
