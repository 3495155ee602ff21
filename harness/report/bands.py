"""The centre of several runs' curves with a bootstrap band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.core.seeds import rng
from harness.report.trace import Floats

RESAMPLES = 1000


@dataclass(frozen=True)
class Band:
    """Centre and 95 % percentile bootstrap interval at each point, NaN where it is not defined. float64 [points]"""

    centre: Floats
    low: Floats
    high: Floats


def median(curves: Floats) -> Floats:
    """Median over the runs. Args: curves: float64 [..., runs, points]."""
    centre: Floats = np.median(curves, axis=-2)
    return centre


def interquartile_mean(curves: Floats) -> Floats:
    """Mean of the middle half of the runs (Agarwal et al. 2021). Args: curves: float64 [..., runs, points]."""
    runs = curves.shape[-2]
    cut = runs // 4
    middle = np.sort(curves, axis=-2)[..., cut : runs - cut, :]
    centre: Floats = middle.mean(axis=-2)
    return centre


CENTRE_NAMES = {"median": "median", "iqm": "interquartile mean"}
CENTRES: dict[str, Callable[[Floats], Floats]] = {"median": median, "iqm": interquartile_mean}


def band(curves: Floats, centre: str) -> Band:
    """Bootstrap over runs (Efron 1979): whole curves are drawn again. Args: curves: float64 [runs, points].

    Before its first report a run counts as infinitely bad; a point whose centre is so has none.
    """
    summary = CENTRES[centre]
    middle = _finite(summary(curves))
    runs = len(curves)
    if runs < 2:
        return Band(middle, np.full_like(middle, np.nan), np.full_like(middle, np.nan))
    draws = rng(0, "band").integers(0, runs, size=(_resamples(curves), runs))
    centres = np.array([summary(curves[draw]) for draw in draws])
    # Order statistics instead of interpolation: between a finite and an infinite value there is none.
    low, high = np.quantile(centres, [0.025, 0.975], axis=0, method="closest_observation")
    return Band(middle, _finite(low), _finite(high))


def _resamples(curves: Floats) -> int:
    """Fewer where curves are so many that the band's own noise does not show."""
    return RESAMPLES if len(curves) <= 100 else 200


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)
