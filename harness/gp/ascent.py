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
    norm = np.maximum(np.sqrt(np.einsum("bi,bi->b", gradient, gradient)), 1e-12)
    H = np.eye(x.shape[1]) * (_FIRST_STEP / norm)[:, None, None]
    length = np.ones(len(x))
    for _ in range(iterations):
        active = length > _SHORTEST
        if not active.any() or stop():
            break
        step = _directions(H, x, gradient) * length[:, None]
        new_x = np.clip(x + step, 0.0, 1.0)
        new_value, new_gradient = function(new_x)
        s = new_x - x
        expected = np.einsum("bi,bi->b", gradient, s)
        better = active & (new_value >= value + _ARMIJO * expected) & (expected > 0)
        H = np.where(better[:, None, None], _updated(H, s, gradient - new_gradient), H)
        settled = better & (new_value - value < _GAIN) | (expected <= 0)
        length = np.where(settled, 0.0, np.where(better, 1.0, 0.3 * length))
        x = np.where(better[:, None], new_x, x)
        value = np.where(better, new_value, value)
        gradient = np.where(better[:, None], new_gradient, gradient)
    return x, value


def _directions(H: Array, x: Array, gradient: Array) -> Array:
    """Quasi-Newton directions within the face of the box that each row is held on."""
    held = ((x <= 0.0) & (gradient < 0.0)) | ((x >= 1.0) & (gradient > 0.0))
    projected = np.where(held, 0.0, gradient)
    step = np.einsum("bij,bj->bi", H, projected)
    step[held] = 0.0
    uphill = np.einsum("bi,bi->b", step, projected) > 0.0
    step = np.where(uphill[:, None], step, projected)
    longest = np.abs(step).max(axis=1, initial=0.0)
    return np.asarray(step * np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300))[:, None])


def _updated(H: Array, s: Array, y: Array) -> Array:
    """BFGS update of all rows (of the negated function); rows without positive curvature keep their matrix."""
    curvature = np.einsum("bi,bi->b", s, y)
    good = curvature > 1e-12
    safe = np.where(good, curvature, 1.0)
    Hy = np.einsum("bij,bj->bi", H, y)
    outer = s[:, :, None] * Hy[:, None, :]
    factor = (1.0 + np.einsum("bi,bi->b", y, Hy) / safe) / safe
    grown = H + factor[:, None, None] * (s[:, :, None] * s[:, None, :])
    grown -= (outer + outer.transpose(0, 2, 1)) / safe[:, None, None]
    return np.where(good[:, None, None], grown, H)
