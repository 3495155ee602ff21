"""Posterior of one Gaussian process with a linear part in its mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.gp.kernels import SMALL, Kernel, correlations, squared_distances
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
        K = np.zeros((len(y), len(y)), order="F")

        def build(jitter: float) -> Array:
            correlations(kernel, self._Z, noise + jitter, K)
            return K

        factor, jitter = cholesky(build)
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
        return self._with_gradients(Z) if gradients else self._without_gradients(Z)

    def _without_gradients(self, Z: Array) -> Moments:
        mean, var = np.empty(len(Z)), np.empty(len(Z))
        block = max(8, SMALL // len(self._Z))
        for start in range(0, len(Z), block):
            rows = slice(start, start + block)
            k, _ = self._kernel(squared_distances(Z[rows], self._Z))
            mean[rows] = k @ self._alpha
            var[rows] = self._variance(k @ self._inverse_factor.T)
        empty = np.empty((0, Z.shape[1]))
        return Moments(mean, var, empty, empty)

    def _with_gradients(self, Z: Array) -> Moments:
        k, S = self._kernel(squared_distances(Z, self._Z))
        projected = k @ self._inverse_factor.T
        weights = np.vstack((S * self._alpha, S * (projected @ self._inverse_factor)))
        pulled = weights @ self._Z
        totals = weights.sum(axis=1)[:, None]
        m = len(Z)
        mean_gradient = -2.0 * self._scales * (Z * totals[:m] - pulled[:m])
        var_gradient = 4.0 * self.s2 * self._scales * (Z * totals[m:] - pulled[m:])
        return Moments(k @ self._alpha, self._variance(projected), mean_gradient, var_gradient)

    def _variance(self, projected: Array) -> Array:
        explained = np.einsum("ij,ij->i", projected, projected)
        return np.asarray(self.s2 * np.maximum(1.0 - explained, _LEAST_VARIANCE))
