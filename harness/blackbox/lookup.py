"""The configuration of a table that stands for a suggested one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from harness.core.encode import Encoder


class Nearest:
    """The row with the least Euclidean distance in the unit cube, the first of equals.

    Args:
        matrix: shape (n, d), encoded by `encoder`.
    """

    def __init__(self, encoder: Encoder, matrix: np.ndarray) -> None:
        self.encoder = encoder
        self.matrix = matrix
        self._finite = encoder.space.size is not None

    def __call__(self, config: Mapping[str, Any]) -> int:
        row = self.encoder.encode(config)
        if self._finite:
            known = self._known.get(row.tobytes())
            if known is not None:
                return known
        distances = np.square(self.matrix - row).sum(axis=1)
        return int(np.argmin(distances))

    @cached_property
    def _known(self) -> dict[bytes, int]:
        """Position of each row of a finite space: most suggestions are in the table, which spares the distances."""
        known: dict[bytes, int] = {}
        for position, row in enumerate(self.matrix):
            known.setdefault(row.tobytes(), position)
        return known
