"""Posterior of one Gaussian process with a linear part in its mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.gp.kernels import Kernel, squared_distances
from harness.gp.likelihood import NOISE_FLOOR, Metric, Prior, profile
from harness.gp.linalg import Array, cholesky, extend_inverse_factor, inverse_factor

_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Moments:
    """Mean and variance (m,) of the latent function without its linear part, and their gradients (m, d) if asked."""

    mean: Array
    var: Array
    mean_gradient: Array
    var_gradient: Array


class Posterior:
    """A process conditioned on data.

    Attributes:
        beta: (p,) coefficients of the linear part.
        fitted: (n,) posterior mean of the latent function, linear part included, at the data.
        s2: signal variance.
    """

    def __init__(
        self, X: Array, y: Array, basis: Array, *, kernel: Kernel, metric: Metric, prior: Prior, theta: Array
    ) -> None:
        self._kernel = kernel
        self._scales = metric.scales(theta)
        self._Z = X * self._scales
        noise = float(np.exp(theta[-1])) + NOISE_FLOOR
        K, _ = kernel(squared_distances(self._Z, self._Z))
        K.ravel()[:: len(K) + 1] += noise
        factor, jitter = cholesky(K)
        self._noise = noise + jitter
        best = profile(factor, y, basis, prior)
        self.beta, self.s2 = best.beta, best.s2
        self.fitted = y - self._noise * best.alpha
        self._alpha = best.alpha
        self._inverse_factor = inverse_factor(factor)

    def extended(self, X: Array) -> Posterior:
        """The posterior if the rows X (m, d) had been observed at their present means.

        The means then stay as they are and the variances shrink (D. Ginsbourger, R. Le Riche, L. Carraro: Kriging is
        well-suited to parallelize optimization, 2010: the kriging believer).
        """
        if not len(X):
            return self
        Z = X * self._scales
        cross, _ = self._kernel(squared_distances(self._Z, Z))
        corner, _ = self._kernel(squared_distances(Z, Z))
        corner.ravel()[:: len(corner) + 1] += self._noise
        grown = object.__new__(Posterior)
        grown.__dict__.update(self.__dict__)
        grown._inverse_factor = extend_inverse_factor(self._inverse_factor, cross, corner)
        grown._Z = np.vstack((self._Z, Z))
        grown._alpha = np.concatenate((self._alpha, np.zeros(len(Z))))
        return grown

    def moments(self, X: Array, gradients: bool = False) -> Moments:
        """Moments at rows X (m, d); without `gradients` those are empty (0, d)."""
        Z = X * self._scales
        k, S = self._kernel(squared_distances(Z, self._Z))
        projected = k @ self._inverse_factor.T
        mean = k @ self._alpha
        var = self.s2 * np.maximum(1.0 - np.einsum("ij,ij->i", projected, projected), _LEAST_VARIANCE)
        if not gradients:
            empty = np.empty((0, X.shape[1]))
            return Moments(mean, var, empty, empty)
        solved = projected @ self._inverse_factor
        weights = np.vstack((S * self._alpha, S * solved))
        pulled = weights @ self._Z
        totals = weights.sum(axis=1)[:, None]
        m = len(X)
        mean_gradient = -2.0 * self._scales * (Z * totals[:m] - pulled[:m])
        var_gradient = 4.0 * self.s2 * self._scales * (Z * totals[m:] - pulled[m:])
        return Moments(mean, var, mean_gradient, var_gradient)
