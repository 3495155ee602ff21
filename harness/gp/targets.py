"""From losses as reported to targets that a Gaussian process can live with."""

from __future__ import annotations

import numpy as np

from harness.gp.linalg import Array

_ABOVE = 10.0
_BELOW = 1e3
_HUGE = 1e100


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
