"""The data of one resource level, and how many of them enter a process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from harness.gp.linalg import Array
from harness.gp.targets import Scale, clean, keep


@dataclass(frozen=True)
class Rows:
    """Data of one level, in the order it came.

    Attributes:
        X: (n, d).
        y: (n,) losses as reported.
        lower: (n,) losses of the same trials at the level below; (0,) at the lowest level.
        priority: (n,) see `targets.keep`.
    """

    X: Array
    y: Array
    lower: Array
    priority: Array

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: Array | slice) -> Rows:
        lower = self.lower[index] if len(self.lower) else self.lower
        return Rows(self.X[index], self.y[index], lower, self.priority[index])

    @property
    def digest(self) -> bytes:
        parts = (self.X, self.y, self.lower)
        return hashlib.blake2b(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).digest()


@dataclass(frozen=True)
class Limit:
    """At most `rows` of a level enter a process; `top_fraction` of them are the best ones."""

    rows: int
    top_fraction: float

    def apply(self, rows: Rows) -> Rows:
        if len(rows) <= self.rows:
            return rows
        return rows.take(keep(clean(rows.y), rows.priority, self.rows, self.top_fraction))


def linear_part(rows: Rows, scale: Scale, below: Scale) -> tuple[Array, Array]:
    """Targets (n,) and basis: (n, 1) ones, above the lowest level (n, 2) with the level below, on its scale."""
    y = scale(rows.y)
    ones = np.ones(len(y))
    if not len(rows.lower):
        return y, ones[:, None]
    return y, np.column_stack((ones, below(rows.lower)))
