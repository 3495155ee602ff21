"""Ranking of vectors of losses: non-dominated sorting, and within a front what lies farthest from what came before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]


class Ranking:
    """Rows of losses, and the place of each among all of them: first by fronts, then by `epsilon_net`.

    A row dominates another if it is as good in all and better in one. Front 1 are the rows that none dominates,
    front n + 1 those that only rows of the first n fronts do.
    """

    def __init__(self, objectives: int) -> None:
        self._losses = np.empty((16, objectives))
        self._dominates = np.zeros((16, 16), dtype=bool)
        self._fronts = np.empty(16, dtype=np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, losses: Sequence[float]) -> None:
        """Append a row. One that is not finite throughout counts as worst in everything."""
        if self._count == len(self._losses):
            self._grow()
        row, count = self._losses[self._count], self._count
        row[:] = losses if np.isfinite(losses).all() else np.inf
        others = self._losses[:count]
        self._dominates[:count, count] = (others <= row).all(axis=1) & (others < row).any(axis=1)
        self._dominates[count, :count] = (row <= others).all(axis=1) & (row < others).any(axis=1)
        self._fronts[count] = self._fronts[:count][self._dominates[:count, count]].max(initial=0) + 1
        self._count += 1
        self._push(count)

    def finite(self, row: int) -> bool:
        return bool(np.isfinite(self._losses[row]).all())

    def place(self, row: int) -> tuple[int, int]:
        """(front, rank) of a row, both from 1. Equals share the rank of the first of them."""
        fronts = self._fronts[: self._count]
        members = np.flatnonzero(fronts == fronts[row])
        order = epsilon_net(self._losses[members])
        ahead = int((fronts < fronts[row]).sum())
        equal = (self._losses[members] == self._losses[row]).all(axis=1)
        return int(fronts[row]), ahead + 1 + int(np.argmax(equal[order]))

    def _push(self, row: int) -> None:
        """Rows of a new row's front that it dominates fall to the next, and push on what they dominate there."""
        moved, front = np.array([row]), int(self._fronts[row])
        while len(moved):
            beaten = self._dominates[moved, : self._count].any(axis=0) & (self._fronts[: self._count] == front)
            moved, front = np.flatnonzero(beaten), front + 1
            self._fronts[moved] = front

    def _grow(self) -> None:
        size = 2 * self._count
        dominates = np.zeros((size, size), dtype=bool)
        dominates[: self._count, : self._count] = self._dominates
        self._dominates = dominates
        self._losses = np.concatenate((self._losses, np.empty_like(self._losses)))
        self._fronts = np.concatenate((self._fronts, np.empty_like(self._fronts)))


def epsilon_net(losses: Array) -> list[int]:
    """Order of the rows (n, m) of a front: the best in the first objective, then always the farthest from those before.

    R. Schmucker et al., arXiv:2106.12639 (EpsNet; K. Clarkson 2005). Distances are Euclidean, every objective in
    units of its range over the finite values, an infinite value one range beyond the worst. Equals in row order, also
    those that are equal but for rounding: the order must not hang on how a machine adds up.
    """
    scaled = np.stack([_scaled(column) for column in losses.T], axis=1)
    order = [int(np.lexsort(losses.T[::-1])[0])]
    distance = np.linalg.norm(scaled - scaled[order[0]], axis=1)
    while len(order) < len(losses):
        distance[order] = -1.0
        rounded = distance.round(9)
        farthest = int(rounded.argmax())
        if rounded[farthest] == 0.0:  # all that is left equals what came before
            return [*order, *np.flatnonzero(rounded == 0.0).tolist()]
        order.append(farthest)
        distance = np.minimum(distance, np.linalg.norm(scaled - scaled[order[-1]], axis=1))
    return order


def _scaled(column: Array) -> Array:
    finite = column[np.isfinite(column)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    scaled = (column - low) / (high - low or 1.0)
    return np.where(np.isfinite(column), scaled, 2.0)
