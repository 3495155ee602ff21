"""Posterior of one Gaussian process with a linear part in its mean."""

from __future__ import annotations

from copy import copy

import numpy as np

from harness.gp.kernels import Kernel, correlations, squared_distances
from harness.gp.likelihood import NOISE_FLOOR, Metric, Prior, profile
from harness.gp.linalg import Array, cholesky, extend_inverse_factor, inverse_factor


class Posterior:
    """A process conditioned on data.

    Attributes:
        X: (n, d) rows of the data.
        beta: (p,) coefficients of the linear part.
        fitted: (n,) posterior mean of the latent function, linear part included, at the data.
        alpha: (n,); 0 at rows that were not observed.
        inverse_factor: (n, n) L^-1.
        s2: signal variance.
        scales: (d,) factors of columns in distances.
        reference: what `relative_to` subtracts, as weights (n,) of the data and a variance; None for nothing.
    """

    def __init__(
        self, X: Array, y: Array, basis: Array, *, kernel: Kernel, metric: Metric, prior: Prior, theta: Array
    ) -> None:
        self.X = X
        self.kernel = kernel
        self.scales = metric.scales(theta)
        self._Z = X * self.scales
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
        self.alpha = best.alpha
        self.inverse_factor = inverse_factor(factor)
        self.reference: tuple[Array, float] | None = None

    def extended(self, X: Array) -> Posterior:
        """The posterior if the rows X (m, d) had been observed at their present means.

        The means then stay as they are and the variances shrink (D. Ginsbourger, R. Le Riche, L. Carraro: Kriging is
        well-suited to parallelize optimization, 2010: the kriging believer).
        """
        if not len(X):
            return self
        Z = X * self.scales
        cross, _ = self.kernel(squared_distances(self._Z, Z))
        corner, _ = self.kernel(squared_distances(Z, Z))
        corner.ravel()[:: len(corner) + 1] += self._noise
        grown = copy(self)
        grown.inverse_factor = extend_inverse_factor(self.inverse_factor, cross, corner)
        grown._Z, grown.X = np.vstack((self._Z, Z)), np.vstack((self.X, X))
        grown.alpha = np.concatenate((self.alpha, np.zeros(len(Z))))
        return grown

    def relative_to(self, row: int) -> Posterior:
        """The process of differences f(x) - f(x_row): the means are those of f, the variances those of the difference.

        Where the data are noisy, f(x_row) is uncertain itself, and so is everything near it by the same amount: only
        the variance of the difference says what could be gained there.
        """
        k, _ = self.kernel(squared_distances(self._Z[row : row + 1], self._Z))
        # cov(f(x), f(x_row)) = s2 k(x) . (e_row - K^-1 k_row), because x_row is itself a row of the data.
        weights = -(k @ self.inverse_factor.T @ self.inverse_factor)[0]
        weights[row] += 1.0
        own = copy(self)
        own.reference = weights, float(k[0] @ weights)
        return own
