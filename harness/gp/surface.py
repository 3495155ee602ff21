"""Predictions over (configuration, level) of a process whose weights are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.gp.kernels import matern52, squared_distances
from harness.gp.linalg import Array
from harness.gp.moments import Moments

_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Level:
    """How a new configuration at one level goes with the data: A, B, E (n,) of `resource_kernels` for each datum.

    Attributes:
        variance: of the latent value itself, relative to the signal variance.
        mean: the linear part of the mean.
    """

    A: Array
    B: Array
    E: Array
    variance: float
    mean: float


@dataclass(frozen=True)
class Surface:
    """Attributes:
    Z: (n, d) scaled configurations of the data, then of pending evaluations; `scales` (d,) made them from the cube.
    alpha: (n,) K^-1 (y - F beta); 0 for what is pending.
    inverse_factor: (n, n) L^-1 of all of them.
    s2: signal variance.
    """

    Z: Array
    scales: Array
    alpha: Array
    inverse_factor: Array
    s2: float
    levels: list[Level]

    def predict(self, X: Array, level: int, gradients: bool = False) -> Moments:
        """Moments (m,) of the latent value of new trials with configurations X (m, d) at a level."""
        at, Z = self.levels[level], X * self.scales
        k, S = matern52(squared_distances(Z, self.Z) + at.E)
        k = at.A * k + at.B
        projected = k @ self.inverse_factor.T
        explained = np.einsum("ij,ij->i", projected, projected)
        mean = at.mean + k @ self.alpha
        var = self.s2 * np.maximum(at.variance - explained, _LEAST_VARIANCE)
        if not gradients:
            empty = np.empty((0, X.shape[1]))
            return Moments(mean, var, empty, empty)
        S = at.A * S
        by_mean = self._pulled(Z, S * self.alpha)
        by_explained = self._pulled(Z, S * (projected @ self.inverse_factor))
        return Moments(mean, var, by_mean, -2.0 * self.s2 * by_explained)

    def climb(self, X: Array, level: int, gradients: bool = False) -> Moments:
        """The same (level + 1, m) at levels 0 ... `level`."""
        each = [self.predict(X, at, gradients) for at in range(level + 1)]
        return Moments(
            np.stack([at.mean for at in each]),
            np.stack([at.var for at in each]),
            np.stack([at.mean_gradient for at in each]),
            np.stack([at.var_gradient for at in each]),
        )

    def _pulled(self, Z: Array, weights: Array) -> Array:
        """Gradient (m, d) of sum_a weights_a k(D_a) / S_a by x."""
        return np.asarray(-2.0 * self.scales * (Z * weights.sum(axis=1)[:, None] - weights @ self.Z))
