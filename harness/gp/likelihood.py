"""Posterior density of kernel parameters (MAP objective), with its analytic gradient.

The linear part of the mean and the signal variance are profiled: for given theta both have closed forms, so the
search runs over length scales and noise only. At their optimum the objective's derivative with respect to them is
zero, hence the gradient needs the kernel matrix alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from harness.gp.kernels import Kernel, correlations
from harness.gp.lapack import blas
from harness.gp.linalg import Array, cholesky, inverse, log_determinant, solve, solve_small

NOISE_FLOOR = 1e-9


@dataclass(frozen=True)
class Metric:
    """How columns enter distances; see `groups` and `weights` in the package's notation."""

    groups: Array
    weights: Array

    @property
    def parameters(self) -> int:
        """q, the length of theta."""
        return (int(self.groups.max()) + 1 if len(self.groups) else 0) + 1

    def scales(self, theta: Array) -> Array:
        """(d,) factors that turn columns into scaled coordinates."""
        return np.asarray(self.weights * np.exp(-theta[:-1])[self.groups])


@dataclass(frozen=True)
class Prior:
    """Normal priors of theta; inverse gamma of the signal variance; normal of beta, relative to the signal variance.

    Attributes:
        theta_mean, theta_sd: (q,)
        shape, rate: of the signal variance's inverse gamma density.
        beta_mean, beta_precision: (p,); precision 0 is flat.
    """

    theta_mean: Array
    theta_sd: Array
    shape: float
    rate: float
    beta_mean: Array
    beta_precision: Array


@dataclass(frozen=True)
class Profile:
    """Closed-form optimum of mean and signal variance, given the factor of K."""

    beta: Array
    alpha: Array
    s2: float
    log_term: float


def profile(factor: Array, y: Array, basis: Array, prior: Prior) -> Profile:
    """GLS coefficients and the most likely signal variance.

    `log_term` is (n/2 + a) log(Q + 2b), what remains of the density's dependence on the residual's norm Q.
    """
    both = np.empty((len(y), basis.shape[1] + 1), order="F")
    both[:, 0], both[:, 1:] = y, basis
    solved = solve(factor, both)
    normal = basis.T @ solved
    right = normal[:, 0] + prior.beta_precision * prior.beta_mean
    normal = normal[:, 1:]
    diagonal = np.arange(len(normal))
    normal[diagonal, diagonal] += prior.beta_precision
    beta = solve_small(normal, right)
    alpha = solved[:, 0] - solved[:, 1:] @ beta
    offset = beta - prior.beta_mean
    q = max(0.0, float((y - basis @ beta) @ alpha + offset @ (prior.beta_precision * offset)))
    weight = len(y) + 2.0 * prior.shape
    total = q + 2.0 * prior.rate
    return Profile(beta, alpha, total / weight, 0.5 * weight * float(np.log(total)))


@dataclass(frozen=True)
class Objective:
    """Negative log posterior density of theta, up to a constant.

    `workspace` is reused by all evaluations.
    """

    X: Array
    y: Array
    basis: Array
    kernel: Kernel
    metric: Metric
    prior: Prior
    workspace: tuple[Array, Array] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.y)
        object.__setattr__(self, "workspace", (np.zeros((n, n), order="F"), np.zeros((n, n), order="F")))

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Value and gradient (q,) at theta (q,)."""
        Z = self.X * self.metric.scales(theta)
        noise = float(np.exp(theta[-1]))
        K, S = self.workspace

        def build(jitter: float) -> Array:
            correlations(self.kernel, Z, noise + NOISE_FLOOR + jitter, K, S)
            return K

        factor, _ = cholesky(build)
        best = profile(factor, self.y, self.basis, self.prior)
        offset = (theta - self.prior.theta_mean) / self.prior.theta_sd
        value = best.log_term + 0.5 * log_determinant(factor) + 0.5 * float(offset @ offset)
        gradient = offset / self.prior.theta_sd
        self._add_kernel_part(gradient, factor, best, Z, S, noise)
        return value, gradient

    def _add_kernel_part(self, gradient: Array, factor: Array, best: Profile, Z: Array, S: Array, noise: float) -> None:
        """Adds sum_ab M_ab dK_ab/dtheta, M = (K^-1 - alpha alpha^T / s2) / 2, by one product with Z instead of an
        (n, n, d) array: sum_ab W_ab (z_a - z_b)^2 = 2 sum_a z_a^2 (W 1)_a - 2 sum_a z_a (W Z)_a for symmetric W.
        Only lower triangles are computed."""
        M = blas.dsyr(-1.0 / best.s2, best.alpha, lower=1, a=inverse(factor), overwrite_a=1)
        gradient[-1] += 0.5 * noise * float(np.trace(M))
        M *= S
        augmented = np.empty((len(Z), Z.shape[1] + 1), order="F")
        augmented[:, :-1] = Z
        augmented[:, -1] = 1.0
        product = blas.dsymm(1.0, M, augmented, lower=1)
        per_column = np.einsum("a,ab,ab->b", product[:, -1], Z, Z) - np.einsum("ab,ab->b", Z, product[:, :-1])
        gradient[:-1] += 2.0 * np.bincount(self.metric.groups, per_column, minlength=len(gradient) - 1)
