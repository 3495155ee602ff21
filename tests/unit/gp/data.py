"""Small data sets with a numeric part and one choice of three values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.gp.fit import prior
from harness.gp.kernels import KERNELS
from harness.gp.likelihood import Metric, Objective, Prior
from harness.gp.linalg import Array
from harness.gp.posterior import Posterior

METRIC = Metric(np.array([0, 1, 2, 2, 2]), np.array([1.0, 1.0, *[np.sqrt(0.5)] * 3]))
THETA = np.array([-0.4, 0.3, 0.1, -3.0])


def points(count: int, seed: int = 0) -> Array:
    generator = np.random.default_rng(seed)
    X = np.zeros((count, 5))
    X[:, :2] = generator.random((count, 2))
    X[np.arange(count), 2 + generator.integers(3, size=count)] = 1.0
    return X


def losses(X: Array) -> Array:
    return np.asarray(np.sin(4 * X[:, 0]) + X[:, 1] ** 2 + 0.5 * X[:, 3] + 0.3 * X[:, 0] * X[:, 4])


def basis_of(count: int, above: bool) -> Array:
    """Ones; `above` the lowest level, beside them the targets of the level below."""
    lower = losses(points(count, 0)) + 0.1 * np.arange(count) / count
    return np.column_stack((np.ones(count), lower)) if above else np.ones((count, 1))


def objective(kernel: str = "matern52", count: int = 12, above: bool = False) -> Objective:
    X = points(count)
    return Objective(X, losses(X), basis_of(count, above), KERNELS[kernel], METRIC, prior(METRIC, above))


def posterior(
    X: Array, y: Array, basis: Array, own: Prior | None = None, theta: Array = THETA, kernel: str = "matern52"
) -> Posterior:
    own = own or prior(METRIC, above=basis.shape[1] == 2)
    return Posterior(X, y, basis, kernel=KERNELS[kernel], metric=METRIC, prior=own, theta=theta)


def slopes(function: Callable[[Array], Array | float], x: Array, step: float = 1e-6) -> Array:
    """Central differences of a function (k,) -> scalar or (m,), by every entry of x: (k, ...)."""
    rows = []
    for index in range(len(x)):
        move = np.zeros(len(x))
        move[index] = step
        rows.append((np.asarray(function(x + move)) - np.asarray(function(x - move))) / (2 * step))
    return np.array(rows)


def dense_correlation(A: Array, B: Array, theta: Array = THETA) -> Array:
    """Matern 5/2 between rows, one pair at a time; a choice counts as squared distance 1 where values differ."""
    K = np.empty((len(A), len(B)))
    scale = np.exp(-2 * theta[:3])
    for i, a in enumerate(A):
        for j, b in enumerate(B):
            differs = float(not np.array_equal(a[2:], b[2:]))
            r = np.sqrt(5 * (scale[0] * (a[0] - b[0]) ** 2 + scale[1] * (a[1] - b[1]) ** 2 + scale[2] * differs))
            K[i, j] = (1 + r + r * r / 3) * np.exp(-r)
    return K
