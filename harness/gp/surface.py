"""Predictions over (configuration, level) of a process whose weights are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.gp.chain import Prediction
from harness.gp.kernels import matern52, squared_distances
from harness.gp.linalg import Array

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

    def predict(self, X: Array, level: int, gradients: bool = False) -> Prediction:
        """Moments of the latent value of new trials with configurations X (m, d) at a level."""
        at, Z = self.levels[level], X * self.scales
        k, S = matern52(squared_distances(Z, self.Z) + at.E)
        k = at.A * k + at.B
        projected = k @ self.inverse_factor.T
        explained = np.einsum("ij,ij->i", projected, projected)
        mean = at.mean + k @ self.alpha
        var = self.s2 * np.maximum(at.variance - explained, _LEAST_VARIANCE)
        if not gradients:
            empty = np.empty((0, X.shape[1]))
            return Prediction(mean, var, empty, empty)
        S = at.A * S
        by_mean = self._pulled(Z, S * self.alpha)
        by_explained = self._pulled(Z, S * (projected @ self.inverse_factor))
        return Prediction(mean, var, by_mean, -2.0 * self.s2 * by_explained)

    def climb(self, X: Array, level: int, gradients: bool = False) -> list[Prediction]:
        """The same at levels 0 ... `level`."""
        return [self.predict(X, each, gradients) for each in range(level + 1)]

    def _pulled(self, Z: Array, weights: Array) -> Array:
        """Gradient (m, d) of sum_a weights_a k(D_a) / S_a by x."""
        return np.asarray(-2.0 * self.scales * (Z * weights.sum(axis=1)[:, None] - weights @ self.Z))
