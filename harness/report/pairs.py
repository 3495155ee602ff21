"""All pairs of methods on all benchmarks of a study: differences, tests, and how fast one reaches the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.report.stats import Comparison, Floats, adjust, compare, with_needs
from harness.report.study import Board, Run, Study, median_losses


@dataclass(frozen=True)
class Reach:
    """How long the first method takes to the second's final value.

    Attributes:
        reached, pairs: runs in which it got there, of all.
        seconds: median over the pairs, infinite where half of them never do.
        other_seconds: median time at which the second itself got there.
    """

    reached: int
    pairs: int
    seconds: float
    other_seconds: float

    @property
    def speedup(self) -> float:
        """How many times sooner the first is there; NaN where there is nothing to divide."""
        known = math.isfinite(self.seconds) and self.seconds > 0
        return self.other_seconds / self.seconds if known else math.nan


@dataclass(frozen=True)
class Pairing:
    """A comparison, the better method first, and its reach."""

    comparison: Comparison
    reach: Reach


def pairings(study: Study, against: str | None = None) -> list[Pairing]:
    """Every pair of methods on every benchmark, tested with Holm's correction over all of them.

    Args:
        against: compare with this method only, which makes the correction milder.
    """
    cells = [cell for board in study.boards for cell in _cells(board, against)]
    compared = adjust([compare(board.name, one, other, *_finals(runs)) for board, one, other, runs in cells])
    still_open = sum(not one.decided for one in compared)
    found = []
    for (_, _, _, runs), comparison in zip(cells, compared, strict=True):
        one, other = _finals(runs)
        found.append(Pairing(with_needs(comparison, other - one, still_open), _reach(runs)))
    return found


def _cells(board: Board, against: str | None) -> list[tuple[Board, str, str, Sequence[tuple[Run, Run]]]]:
    medians = median_losses(board)
    # A stable sort: methods of equal medians stay in the study's order.
    methods = sorted(board.methods, key=medians.__getitem__)
    pairs = itertools.combinations(methods, 2)
    return [
        (board, one, other, board.paired(one, other))
        for one, other in pairs
        if against is None or against in (one, other)
    ]


def _finals(runs: Sequence[tuple[Run, Run]]) -> tuple[Floats, Floats]:
    one = np.array([a.trace.final for a, _ in runs], dtype=float)
    other = np.array([b.trace.final for _, b in runs], dtype=float)
    return one, other


def _reach(runs: Sequence[tuple[Run, Run]]) -> Reach:
    times = [a.trace.reach(b.trace.final) for a, b in runs]
    others = [b.trace.reach(b.trace.final) for _, b in runs]
    return Reach(
        reached=sum(map(math.isfinite, times)),
        pairs=len(runs),
        seconds=float(np.median(times)) if times else math.nan,
        other_seconds=float(np.median(others)) if others else math.nan,
    )
