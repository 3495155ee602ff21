"""Points of the unit cube at which an acquisition function is worth a look."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.core.encode import Block, Encoder

Array = np.ndarray[Any, np.dtype[Any]]

# Near an optimum the acquisition function's peak is narrow, and how narrow is not known: scales are drawn in between.
_NEAREST, _FARTHEST = 1e-3, 0.2
# More exchanges than these are drawn from: choices can have a thousand values.
_EXCHANGES = 64


class Candidates:
    """Attributes:
    numeric: (d,) mask of the columns that can move continuously; the others are one-hot.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._choices: list[Block] = [block for block in encoder.blocks if block.one_hot]
        self._dim = encoder.dim
        self.numeric = np.ones(encoder.dim, dtype=bool)
        for block in self._choices:
            self.numeric[block.start : block.stop] = False

    def uniform(self, count: int, generator: np.random.Generator) -> Array:
        """(count, d) random points."""
        points = np.zeros((count, self._dim))
        points[:, self.numeric] = generator.random((count, int(self.numeric.sum())))
        for block in self._choices:
            values = generator.integers(block.stop - block.start, size=count)
            points[np.arange(count), block.start + values] = 1.0
        return points

    def around(self, centres: Array, count: int, generator: np.random.Generator) -> Array:
        """(count, d) points near the rows of `centres`; of several choices about one changes its value."""
        points = centres[np.arange(count) % len(centres)].copy()
        scales = np.exp(generator.uniform(np.log(_NEAREST), np.log(_FARTHEST), size=(count, 1)))
        steps = scales * generator.normal(size=(count, int(self.numeric.sum())))
        points[:, self.numeric] = np.clip(points[:, self.numeric] + steps, 0.0, 1.0)
        for block in self._choices:
            width = block.stop - block.start
            moved = np.flatnonzero(generator.random(count) < 0.5 / len(self._choices))
            points[moved, block.start : block.stop] = 0.0
            points[moved, block.start + generator.integers(width, size=len(moved))] = 1.0
        return points

    def exchanged(self, points: Array, generator: np.random.Generator) -> Array:
        """(1 + e, m, d): `points` (m, d), then rows that differ from them in the value of one choice; e <= 64."""
        exchanges = [(block, step) for block in self._choices for step in range(1, block.stop - block.start)]
        if len(exchanges) > _EXCHANGES:
            drawn = generator.choice(len(exchanges), size=_EXCHANGES, replace=False)
            exchanges = [exchanges[index] for index in drawn]
        others = np.repeat(points[None], 1 + len(exchanges), axis=0)
        rows = np.arange(len(points))
        for other, (block, step) in zip(others[1:], exchanges, strict=True):
            value = points[:, block.start : block.stop].argmax(axis=1)
            other[:, block.start : block.stop] = 0.0
            other[rows, block.start + (value + step) % (block.stop - block.start)] = 1.0
        return others

    def elsewhere(self, points: Array, centre: Array) -> Array:
        """The rows (<= m, d) of `points` that differ from `centre` in a choice; all where none does."""
        fixed = ~self.numeric
        other = (points[:, fixed] != centre[fixed]).any(axis=1)
        return points[other] if other.any() else points

    def spread(self, points: Array, scores: Array, count: int) -> Array:
        """(<= count, d) rows of high score, half of the places given to the best of each combination of choices."""
        ranked = np.argsort(-scores, kind="stable")
        chosen: list[int] = []
        taken: set[bytes] = set()
        fixed = points[ranked][:, ~self.numeric] > 0.5
        for position, index in enumerate(ranked):
            if len(chosen) * 2 >= count:
                break
            combination = fixed[position].tobytes()
            if combination not in taken:
                taken.add(combination)
                chosen.append(int(index))
        others = [int(index) for index in ranked[: 2 * count] if int(index) not in chosen]
        return points[(chosen + others)[:count]]
