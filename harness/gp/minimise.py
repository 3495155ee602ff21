"""BFGS for a few parameters: below a few hundred rows scipy.optimize's wrapper would cost as much as the likelihood.

J. Nocedal, S. J. Wright: Numerical Optimization (2006), chapters 3 and 6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.gp.linalg import Array

Function = Callable[[Array], tuple[float, Array]]

_LONGEST = 2.0
_ARMIJO = 1e-4
_SHORTEST = 1e-4


@dataclass(frozen=True)
class Optimum:
    """Attributes:
    x, value: the point (q,) and the function there.
    inverse_hessian: (q, q) estimate, to start a similar search with.
    evaluations: of the function.
    """

    x: Array
    value: float
    inverse_hessian: Array
    evaluations: int


def minimise(
    function: Function, start: Array, inverse_hessian: Array | None = None, *, tolerance: float, max_evaluations: int
) -> Optimum:
    """Local minimum from `start` (q,).

    Ends where the decrease that the quadratic model predicts falls below `tolerance`, where no step decreases the
    function, or after `max_evaluations`.
    """
    x, (value, gradient), evaluations = start, function(start), 1
    scaled = inverse_hessian is not None
    H = np.eye(len(start)) if inverse_hessian is None else inverse_hessian
    while evaluations < max_evaluations:
        step = -H @ gradient
        predicted = -0.5 * float(step @ gradient)
        if predicted < tolerance:
            break
        step *= min(1.0, _LONGEST / float(np.abs(step).max()))
        length, found = 1.0, None
        while found is None and length > _SHORTEST and evaluations < max_evaluations:
            found, length = _try(function, x, value, gradient, step, length)
            evaluations += 1
        if found is None:
            break
        new_x, new_value, new_gradient = found
        H, scaled = _update(H, new_x - x, new_gradient - gradient, scaled)
        x, value, gradient = new_x, new_value, new_gradient
    return Optimum(x, value, H, evaluations)


def _try(
    function: Function, x: Array, value: float, gradient: Array, step: Array, length: float
) -> tuple[tuple[Array, float, Array] | None, float]:
    """The point after a step if it decreases enough, else None and the next length (minimum of a parabola)."""
    new_x = x + length * step
    new_value, new_gradient = function(new_x)
    slope = length * float(step @ gradient)
    if np.isfinite(new_value) and new_value <= value + _ARMIJO * slope:
        return (new_x, new_value, new_gradient), length
    curvature = new_value - value - slope
    shrink = -0.5 * slope / curvature if np.isfinite(curvature) and curvature > 0 else 0.1
    return None, length * float(np.clip(shrink, 0.1, 0.5))


def _update(H: Array, s: Array, y: Array, scaled: bool) -> tuple[Array, bool]:
    """BFGS update; skipped where the curvature is not positive, scaled to the first curvature seen."""
    curvature = float(s @ y)
    if curvature <= 1e-10 * float(np.sqrt((s @ s) * (y @ y))):
        return H, scaled
    if not scaled:
        H = H * (curvature / float(y @ y))
    Hy = H @ y
    outer = np.multiply.outer(s, Hy)
    factor = (1.0 + float(y @ Hy) / curvature) / curvature
    return H + factor * np.multiply.outer(s, s) - (outer + outer.T) / curvature, True
