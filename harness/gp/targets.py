"""From losses as reported to targets that a Gaussian process can live with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

import numpy as np

from harness.gp.linalg import Array

_ABOVE = 10.0
_BELOW = 1e3
_HUGE = 1e100
# scipy.special has it too, but takes a sixth of the first suggestion's time to load.
_quantile = np.frompyfunc(NormalDist().inv_cdf, 1, 1)
_FARTHEST = 1e6


def clean(losses: Array) -> Array:
    """Finite losses (n,): NaN and infinities become the worst finite value, and outliers are pulled in.

    The bad side is cut at 10 interquartile ranges above the upper quartile (a diverged training must not set the
    scale for all others), the good side only where numbers would overflow.
    """
    finite = losses[np.isfinite(losses)]
    if not len(finite):
        return np.zeros(len(losses))
    ordered = np.sort(np.clip(finite, -_HUGE, _HUGE))
    low, high = ordered[len(ordered) // 4], ordered[(3 * len(ordered)) // 4]
    spread = high - low
    if spread == 0.0:
        away = np.abs(ordered[ordered != low] - low)
        spread = float(np.median(away)) if len(away) else 0.0
    filled = np.where(np.isfinite(losses), losses, ordered[-1])
    return np.clip(filled, max(-_HUGE, low - _BELOW * spread), min(_HUGE, high + _ABOVE * spread))


class Scale(Protocol):
    """Map of losses to targets, made from the losses that set the scale."""

    def __call__(self, losses: Array) -> Array:
        """Targets (n,), finite whatever the losses are."""
        ...


@dataclass(frozen=True)
class Standard:
    """Targets of mean 0 and deviation 1.

    Attributes:
        origin, knee: targets are linear in log(1 + (loss - origin) / knee), nearly linear in losses within `knee` of
            the best and logarithmic beyond; plain losses where `knee` is infinite.
        location, deviation: of what comes out of that.
    """

    origin: float
    knee: float
    location: float
    deviation: float

    @classmethod
    def of(cls, losses: Array, *, warped: bool = False) -> Standard:
        """The scale of losses (n,); with `warped` the knee is the median's distance from the best, if there is any."""
        cleaned = clean(losses)
        origin = float(cleaned.min())
        knee = float(np.median(cleaned)) - origin if warped else math.inf
        if not knee > 1e-9 * (float(cleaned.max()) - origin):
            knee = math.inf
        values = _warp(cleaned, origin, knee)
        location, deviation = float(values.mean()), float(values.std())
        # Below that, the deviation could be rounding.
        return cls(origin, knee, location, deviation if deviation > 1e-12 * float(np.abs(values).max()) else 1.0)

    def __call__(self, losses: Array) -> Array:
        """Targets (n,); bounded, because the losses need not be those that set the scale."""
        targets = (_warp(clean(losses), self.origin, self.knee) - self.location) / self.deviation
        return np.clip(targets, -_FARTHEST, _FARTHEST)

    def log_slope(self, losses: Array) -> float:
        """Sum over losses of log(d target / d loss): what a density of targets lacks to be one of losses."""
        total = -len(losses) * math.log(self.deviation)
        if math.isinf(self.knee):
            return total
        return total - float(np.log(self.knee + np.maximum(clean(losses) - self.origin, 0.0)).sum())


@dataclass(frozen=True)
class NormalScores:
    """Targets are quantiles of the normal distribution at the losses' ranks, in between linear.

    What a few diverged trainings do to the scale, and how losses crowd near the best, then no longer matters (D.
    Salinas, H. Shen, V. Perrone: A quantile-based approach for hyperparameter transfer learning, ICML 2020, section 4).
    Equal losses share the middle of their ranks; losses that are no finite number come last, and none lies beyond the
    losses that set the scale.

    Attributes:
        losses, scores: (m,) ascending.
    """

    losses: Array
    scores: Array

    @classmethod
    def of(cls, losses: Array) -> NormalScores:
        """The scale of losses (n,)."""
        ordered = np.sort(_worst_last(losses))
        last = np.flatnonzero(ordered != np.append(ordered[1:], np.inf))
        middle = (last + 1 - 0.5 * np.diff(last, prepend=-1)) / max(1, len(losses))
        return cls(ordered[last], np.asarray(_quantile(middle), dtype=float))

    def __call__(self, losses: Array) -> Array:
        if not len(self.losses):
            return np.zeros(len(losses))
        return np.asarray(np.interp(_worst_last(losses), self.losses, self.scores))


def _worst_last(losses: Array) -> Array:
    """Finite losses; NaN and what would overflow is as bad as can be."""
    return np.clip(np.where(np.isnan(losses), _HUGE, losses), -_HUGE, _HUGE)


def _warp(cleaned: Array, origin: float, knee: float) -> Array:
    if math.isinf(knee):
        return cleaned
    with np.errstate(over="ignore"):  # bounded by the caller
        return np.asarray(np.log1p(np.maximum(cleaned - origin, 0.0) / knee))


def keep(losses: Array, priority: Array, limit: int, top_fraction: float) -> Array:
    """Ascending indices of at most `limit` rows: the best `top_fraction` of the limit, then by lowest priority.

    Args:
        losses: (n,), finite; smaller is better.
        priority: (n,), fixed for a row whatever else is there, so that the choice changes little between calls.
    """
    if len(losses) <= limit:
        return np.arange(len(losses))
    best = np.argsort(losses, kind="stable")[: max(1, round(top_fraction * limit))]
    others = np.ones(len(losses), dtype=bool)
    others[best] = False
    rest = np.flatnonzero(others)
    rest = rest[np.argsort(priority[rest], kind="stable")][: limit - len(best)]
    return np.sort(np.concatenate((best, rest)))
