"""Logarithm of the expected improvement: its gradient does not vanish where the improvement itself underflows.

S. Ament et al.: Unexpected Improvements to Expected Improvement for Bayesian Optimization, NeurIPS 2023.
"""

from __future__ import annotations

import math

import numpy as np

from harness.gp.linalg import Array

_TAIL = -10.0
_TERMS = 12
_erfc = np.frompyfunc(math.erfc, 1, 1)


def log_h(z: Array) -> tuple[Array, Array]:
    """log h and h'/h for h(z) = phi(z) + z Phi(z); shapes as `z`.

    Below -10 with the c of `_below`, h = phi c / (t + c) and h'/h = 1 / c, without cancellation.
    """
    near = np.maximum(z, _TAIL)
    phi = np.exp(-0.5 * near * near) / math.sqrt(2.0 * math.pi)
    cumulative = _cumulative(near)
    h = phi + near * cumulative
    value, ratio = np.log(h), cumulative / h
    far = z < _TAIL
    if far.any():
        t, c = _below(z[far])
        value[far] = -0.5 * t * t - 0.5 * math.log(2.0 * math.pi) + np.log(c) - np.log(t + c)
        ratio[far] = 1.0 / c
    return value, ratio


def log_cumulative(z: Array) -> tuple[Array, Array]:
    """log Phi and phi/Phi; shapes as `z`."""
    near = np.maximum(z, _TAIL)
    cumulative = _cumulative(near)
    value, ratio = np.log(cumulative), np.exp(-0.5 * near * near) / (math.sqrt(2.0 * math.pi) * cumulative)
    far = z < _TAIL
    if far.any():
        t, c = _below(z[far])
        value[far] = -0.5 * t * t - 0.5 * math.log(2.0 * math.pi) - np.log(t + c)
        ratio[far] = t + c
    return value, ratio


def _cumulative(z: Array) -> Array:
    return 0.5 * np.asarray(_erfc(-z / math.sqrt(2.0)), dtype=float)


def _below(z: Array) -> tuple[Array, Array]:
    """t = -z and c such that Phi(z) = phi(z) / (t + c): the continued fraction of Mills' ratio, 1 / (t + 1 / (t + 2 /
    (t + ...)))."""
    t = -z
    c = np.zeros_like(t)
    for term in range(_TERMS, 0, -1):
        c = term / (t + c)
    return t, c


def log_expected_improvement(mean: Array, var: Array, best: float) -> tuple[Array, Array, Array]:
    """log E[max(best - f, 0)] for f ~ N(mean, var), and its derivatives by mean and by var; all of shape (m,)."""
    sd = np.sqrt(var)
    z = (best - mean) / sd
    value, ratio = log_h(z)
    # With e = log h: d/dmean = -e'/sd, d/dsd = (1 - z e')/sd = phi/(h sd).
    return value + np.log(sd), -ratio / sd, (1.0 - z * ratio) / (2.0 * var)


def log_probability_below(mean: Array, var: Array, limit: Array) -> tuple[Array, Array, Array]:
    """log P[f <= limit] for f ~ N(mean, var), and its derivatives by mean and by var; all of the shape of `mean`."""
    sd = np.sqrt(var)
    z = (limit - mean) / sd
    value, ratio = log_cumulative(z)
    return value, -ratio / sd, -0.5 * ratio * z / var
