"""Posterior of one Gaussian process with a linear part in its mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
        X: (n, d) rows of the data.
        beta: (p,) coefficients of the linear part.
        fitted: (n,) posterior mean of the latent function, linear part included, at the data.
        s2: signal variance.
    """

    def __init__(
        self, X: Array, y: Array, basis: Array, *, kernel: Kernel, metric: Metric, prior: Prior, theta: Array
    ) -> None:
        self.X = X
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
        self._reference: tuple[Array, float] | None = None

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
        grown = self._copy()
        grown._inverse_factor = extend_inverse_factor(self._inverse_factor, cross, corner)
        grown._Z, grown.X = np.vstack((self._Z, Z)), np.vstack((self.X, X))
        grown._alpha = np.concatenate((self._alpha, np.zeros(len(Z))))
        return grown

    def relative_to(self, row: int) -> Posterior:
        """The process of differences f(x) - f(x_row): the means are those of f, the variances those of the difference.

        Where the data are noisy, f(x_row) is uncertain itself, and so is everything near it by the same amount: only
        the variance of the difference says what could be gained there.
        """
        k, _ = self._kernel(squared_distances(self._Z[row : row + 1], self._Z))
        # cov(f(x), f(x_row)) = s2 k(x) . (e_row - K^-1 k_row), because x_row is itself a row of the data.
        weights = -(k @ self._inverse_factor.T @ self._inverse_factor)[0]
        weights[row] += 1.0
        own = self._copy()
        own._reference = weights, float(k[0] @ weights)
        return own

    def _copy(self) -> Posterior:
        own = object.__new__(Posterior)
        own.__dict__.update(self.__dict__)
        for derived in ("_augmented", "_norms"):
            own.__dict__.pop(derived, None)
        return own

    def moments(self, X: Array, gradients: bool = False) -> Moments:
        """Moments at rows X (m, d); without `gradients` those are empty (0, d)."""
        Z = X * self._scales
        return self._with_gradients(Z) if gradients else self._without_gradients(Z)

    def _without_gradients(self, Z: Array) -> Moments:
        mean, var = np.empty(len(Z)), np.empty(len(Z))
        block = max(8, SMALL // len(self._Z))
        for start in range(0, len(Z), block):
            rows = slice(start, start + block)
            k, _ = self._kernel(self._distances(Z[rows]))
            mean[rows] = k @ self._alpha
            var[rows] = self._variance(k, k @ self._inverse_factor.T)
        empty = np.empty((0, Z.shape[1]))
        return Moments(mean, var, empty, empty)

    def _with_gradients(self, Z: Array) -> Moments:
        m, d = Z.shape
        k, S = self._kernel(self._distances(Z))
        projected = k @ self._inverse_factor.T
        pulls = projected @ self._inverse_factor
        if self._reference is not None:
            pulls += self._reference[0]
        weights = np.empty((2 * m, len(self._Z)))
        np.multiply(S, self._alpha, out=weights[:m])
        np.multiply(S, pulls, out=weights[m:])
        pulled = weights @ self._augmented
        steps = np.concatenate((Z, Z))
        steps *= pulled[:, d:]
        steps -= pulled[:, :d]
        steps *= -2.0 * self._scales
        mean, var = k @ self._alpha, self._variance(k, projected)
        return Moments(mean, var, steps[:m], (-2.0 * self.s2) * steps[m:])

    def _distances(self, Z: Array) -> Array:
        """`squared_distances` to the data's rows."""
        distance = (-2.0 * Z) @ self._Z.T
        distance += (Z * Z).sum(axis=1)[:, None]
        distance += self._norms
        return np.asarray(np.maximum(distance, 0.0, out=distance))

    @cached_property
    def _augmented(self) -> Array:
        return np.column_stack((self._Z, np.ones(len(self._Z))))

    @cached_property
    def _norms(self) -> Array:
        return np.asarray((self._Z * self._Z).sum(axis=1))

    def _variance(self, k: Array, projected: Array) -> Array:
        left = 1.0 - np.einsum("ij,ij->i", projected, projected)
        if self._reference is not None:
            left -= 2.0 * (k @ self._reference[0]) - self._reference[1]
        return np.asarray(self.s2 * np.maximum(left, _LEAST_VARIANCE))
