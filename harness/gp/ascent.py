"""Many local maximisations over the box [0, 1]^m at once: one call of the function serves all starts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.gp.linalg import Array

BatchFunction = Callable[[Array], tuple[Array, Array]]

_FIRST_STEP = 0.1
_LONGEST = 0.3
_ARMIJO = 1e-4
_SHORTEST = 1e-3
_GAIN = 3e-3


def ascend(
    function: BatchFunction, starts: Array, iterations: int, stop: Callable[[], bool] = lambda: False
) -> tuple[Array, Array]:
    """Points (b, m) no worse than their starts (b, m), and the values (b,) there.

    Projected BFGS with backtracking; every iteration is one evaluation of all rows. A row whose step fails is tried
    again with a shorter one while the others go on. `stop` is asked before each iteration.

    Args:
        function: rows (b, m) -> values (b,) and gradients (b, m).
    """
    x = starts
    value, gradient = function(x)
    norm = np.maximum(np.sqrt((gradient * gradient).sum(axis=1)), 1e-12)
    H = np.eye(x.shape[1]) * (_FIRST_STEP / norm)[:, None, None]
    length = np.ones(len(x))
    for _ in range(iterations):
        active = length > _SHORTEST
        if not active.any() or stop():
            break
        step = _directions(H, x, gradient) * length[:, None]
        new_x = np.minimum(np.maximum(x + step, 0.0), 1.0)
        new_value, new_gradient = function(new_x)
        s = new_x - x
        expected = (gradient * s).sum(axis=1)
        rising = expected > 0
        better = active & rising & (new_value >= value + _ARMIJO * expected)
        length = np.where(better, 1.0, 0.3 * length)
        length[~rising | better & (new_value - value < _GAIN)] = 0.0
        rows = np.flatnonzero(better)
        if len(rows) == len(x):
            H = _updated(H, s, gradient - new_gradient)
            x, value, gradient = new_x, new_value, new_gradient
        elif len(rows):
            H[rows] = _updated(H[rows], s[rows], gradient[rows] - new_gradient[rows])
            x, value, gradient = x.copy(), value.copy(), gradient.copy()
            x[rows], value[rows], gradient[rows] = new_x[rows], new_value[rows], new_gradient[rows]
    return x, value


def _directions(H: Array, x: Array, gradient: Array) -> Array:
    """Quasi-Newton directions within the face of the box that each row is held on."""
    projected = gradient.copy()
    held = (x <= 0.0) & (gradient < 0.0) | (x >= 1.0) & (gradient > 0.0)
    any_held = held.any()
    if any_held:
        projected[held] = 0.0
    step = (H @ projected[:, :, None])[:, :, 0]
    if any_held:
        step[held] = 0.0
    downhill = (step * projected).sum(axis=1) <= 0.0
    if downhill.any():
        step[downhill] = projected[downhill]
    longest = np.abs(step).max(axis=1, initial=_LONGEST)
    return np.asarray(step * (_LONGEST / longest)[:, None])


def _updated(H: Array, s: Array, y: Array) -> Array:
    """BFGS update of all rows (of the negated function); rows without positive curvature keep their matrix."""
    curvature = (s * y).sum(axis=1)
    good = curvature > 1e-12
    safe = np.where(good, curvature, 1.0)
    Hy = (H @ y[:, :, None])[:, :, 0]
    # H + (1 + y H y / c) s s^T / c - (s (Hy)^T + (Hy) s^T) / c, as s w^T + w s^T with one outer product.
    w = (0.5 * (1.0 + (y * Hy).sum(axis=1) / safe) / safe)[:, None] * s - Hy / safe[:, None]
    outer = s[:, :, None] * w[:, None, :]
    grown = H + outer
    grown += outer.transpose(0, 2, 1)
    return grown if good.all() else np.where(good[:, None, None], grown, H)
