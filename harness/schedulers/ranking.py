"""When the order of trials at two rungs counts as the same, and how much of their distance is noise."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from harness.schedulers.rungs import quantile

Curve = Mapping[int, float]
"""Losses by resource level, NaN as +inf."""


def same_ranking(below: Mapping[int, float], above: Mapping[int, float], epsilon: float) -> bool:
    """Whether trials (id -> loss) that are at both rungs keep their order, up to swaps of such as differ by `epsilon`.

    At each rank, the trial of the upper rung must be within `epsilon` (at the lower rung) of the lower rung's
    trial of that rank (soft ranking, arXiv:2207.06940).
    """
    shared = [trial_id for trial_id in above if trial_id in below]
    old, new = sorted(shared, key=below.__getitem__), sorted(shared, key=above.__getitem__)
    return all(_distance(below[a], below[b]) <= epsilon for a, b in zip(old, new, strict=True))


def spread(losses: Sequence[float]) -> float:
    """Standard deviation of the finite losses."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    return float(np.std(finite)) if finite else 0.0


def median_gap(losses: Sequence[float]) -> float:
    """Median distance of neighbours in rank, over the finite losses."""
    gaps = _gaps(losses)
    return float(np.median(gaps)) if gaps else 0.0


def mean_gap(losses: Sequence[float]) -> float:
    """Mean distance of neighbours in rank, over the finite losses."""
    gaps = _gaps(losses)
    return float(np.mean(gaps)) if gaps else 0.0


class Noise:
    """Distance that does not tell two trials apart: the 90 % quantile over pairs whose curves cross at least twice.

    arXiv:2207.06940, estimation of ε; the distance is that at the highest level both have reported.
    """

    def __init__(self) -> None:
        self._curves: list[Curve] = []
        self._distances: list[float] = []

    def add(self, curve: Curve) -> None:
        for other in self._curves:
            levels = sorted(curve.keys() & other.keys())
            signs = [curve[level] < other[level] for level in levels if curve[level] != other[level]]
            if sum(a != b for a, b in pairwise(signs)) >= 2:
                insort(self._distances, _distance(curve[levels[-1]], other[levels[-1]]))
        self._curves.append(curve)

    @property
    def epsilon(self) -> float:
        """0 while no curves cross twice."""
        return quantile(self._distances, 0.9) if self._distances else 0.0


def _distance(a: float, b: float) -> float:
    return 0.0 if a == b else abs(a - b)


def _gaps(losses: Sequence[float]) -> list[float]:
    return [b - a for a, b in pairwise(sorted(loss for loss in losses if math.isfinite(loss)))]
