"""One process over all pairs (configuration, resource) of the data, by the dense matrix of all pairs.

For data that are no nested rungs, where the chain of `gp/chain.py` is not exact: all reports of a curve, or the last
one besides the rungs. The kernels are those of `gp/resource_kernels.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from harness.gp.kernels import matern52, squared_distances
from harness.gp.likelihood import NOISE_FLOOR, Metric, Prior, profile
from harness.gp.linalg import Array, cholesky_of, inverse, inverse_factor, log_determinant
from harness.gp.resource_kernels import Parts, ResourceKernel
from harness.gp.surface import Level, Surface


@dataclass(frozen=True)
class Reports:
    """Data over (trial, level), in the order they came.

    Attributes:
        X: (n, d) configurations.
        y: (n,) targets.
        trial: (n,) numbers that tell trials apart.
        level: (n,) indices into `resources`.
        resources: (m,) ascending resource levels; the last is the largest there is.
    """

    X: Array
    y: Array
    trial: Array
    level: Array
    resources: Array

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: Array | slice) -> Reports:
        return replace(self, X=self.X[index], y=self.y[index], trial=self.trial[index], level=self.level[index])

    @property
    def digest(self) -> bytes:
        parts = (self.X, self.y, self.trial, self.level, self.resources)
        return hashlib.blake2b(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).digest()

    def joined(self, other: Reports) -> Reports:
        """These, then the others, over the same resources."""
        X, y = np.concatenate((self.X, other.X)), np.concatenate((self.y, other.y))
        trial, level = np.concatenate((self.trial, other.trial)), np.concatenate((self.level, other.level))
        return Reports(X, y, trial, level, self.resources)


class Phi(Protocol):
    """What resource kernels and curve models tell of their parameters."""

    @property
    def start(self) -> Array: ...
    @property
    def spread(self) -> Array: ...


def joint_prior(base: Prior, kernel: Phi, columns: int) -> Prior:
    """`base` is that of length scales and noise; the mean's columns beside the constant are vaguely near 0."""
    return replace(
        base,
        theta_mean=np.concatenate((base.theta_mean, kernel.start)),
        theta_sd=np.concatenate((base.theta_sd, kernel.spread)),
        beta_mean=np.zeros(columns),
        beta_precision=np.array([0.0, *[0.1] * (columns - 1)]),
    )


def basis_of(parts: Parts, level: Array) -> Array:
    """(n, 1) ones, or (n, 2) with the column of the mean."""
    ones = np.ones((len(level), 1))
    return ones if parts.mean is None else np.column_stack((ones, parts.mean[level]))


def columns_of(kernel: ResourceKernel) -> int:
    """Number of columns of the mean."""
    return 1 if kernel.parts(kernel.start, np.ones(1)).mean is None else 2


class JointObjective:
    """Negative log posterior density of theta = (log length scales, log noise ratio, phi), up to a constant."""

    def __init__(self, reports: Reports, kernel: ResourceKernel, metric: Metric, prior: Prior) -> None:
        self._reports, self._kernel, self._metric, self._prior = reports, kernel, metric, prior
        self._same = np.equal.outer(reports.trial, reports.trial)
        self._pairs = np.ix_(reports.level, reports.level)
        self._members = np.eye(len(reports.resources))[reports.level]

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Value and gradient (q,) at theta (q,)."""
        own = self._metric.parameters
        Z = self._reports.X * self._metric.scales(theta[:own])
        parts = self._kernel.parts(theta[own:], self._reports.resources)
        k, S = matern52(squared_distances(Z, Z) + self._spread(parts.E))
        A = parts.A[self._pairs]
        K = A * k + self._spread(parts.B) + self._same * self._spread(parts.C)
        noise = float(np.exp(theta[own - 1]))
        K.ravel()[:: len(K) + 1] += noise + NOISE_FLOOR
        factor, _ = cholesky_of(K)
        best = profile(factor, self._reports.y, basis_of(parts, self._reports.level), self._prior)
        offset = (theta - self._prior.theta_mean) / self._prior.theta_sd
        value = best.log_term + 0.5 * log_determinant(factor) + 0.5 * float(offset @ offset)
        gradient = offset / self._prior.theta_sd
        lower = inverse(factor)
        M = 0.5 * (np.tril(lower) + np.tril(lower, -1).T - np.multiply.outer(best.alpha, best.alpha) / best.s2)
        gradient[own - 1] += noise * float(np.trace(M))
        by_column = squared_differences(M * A * S, Z)
        gradient[: own - 1] += 2.0 * np.bincount(self._metric.groups, by_column, minlength=own - 1)
        fall = best.alpha * (best.beta[1] if len(best.beta) > 1 else 0.0) / best.s2
        gradient[own:] += self._by_phi(theta[own:], M, k, A * S, fall)
        return value, gradient

    def _by_phi(self, phi: Array, M: Array, k: Array, S: Array, fall: Array) -> Array:
        """Sums over all pairs, gathered by pair of levels first: then each parameter costs (m, m) only."""
        by_A, by_E = self._gathered(M * k), -self._gathered(M * S)
        by_B, by_C = self._gathered(M), self._gathered(M * self._same)
        by_mean = -self._members.T @ fall
        found = []
        for slope in self._kernel.slopes(phi, self._reports.resources):
            pairs = ((by_A, slope.A), (by_B, slope.B), (by_C, slope.C), (by_E, slope.E), (by_mean, slope.mean))
            found.append(sum(float((by * part).sum()) for by, part in pairs if part is not None))
        return np.array(found)

    def _gathered(self, matrix: Array) -> Array:
        return np.asarray(self._members.T @ matrix @ self._members)

    def _spread(self, part: Array | None) -> Array | float:
        return 0.0 if part is None else np.asarray(part[self._pairs])


def squared_differences(W: Array, Z: Array) -> Array:
    """sum_ab W_ab (z_a - z_b)^2 for each column (d,), W symmetric, without an (n, n, d) array."""
    own = np.einsum("ad,ad->d", Z * W.sum(axis=1)[:, None], Z)
    return np.asarray(2.0 * (own - np.einsum("ad,ad->d", Z, W @ Z)))


class Joint:
    """The process conditioned on reports, its variances also on `pending` ones, whose targets are not known yet.

    Attributes:
        surface: predictions for new trials.
        fitted: (n + p,) mean of the latent value at all reports and pending ones.
    """

    def __init__(
        self, reports: Reports, pending: Reports, kernel: ResourceKernel, metric: Metric, prior: Prior, theta: Array
    ) -> None:
        own, n = metric.parameters, len(reports)
        parts = kernel.parts(theta[own:], reports.resources)
        scales = metric.scales(theta[:own])
        every = reports.joined(pending)
        Z, level = every.X * scales, every.level
        latent = _covariance(parts, Z, level, every.trial)
        noise = float(np.exp(theta[own - 1])) + NOISE_FLOOR
        factor, _ = cholesky_of(latent + noise * np.eye(len(Z)))
        best = profile(np.asfortranarray(factor[:n, :n]), reports.y, basis_of(parts, reports.level), prior)
        alpha = np.concatenate((best.alpha, np.zeros(len(pending))))
        means = basis_of(parts, np.arange(len(reports.resources))) @ best.beta
        self.fitted = latent @ alpha + means[level]
        self.surface = Surface(Z, scales, alpha, inverse_factor(factor), best.s2, _levels(parts, level, means))


def _covariance(parts: Parts, Z: Array, level: Array, trial: Array) -> Array:
    """(n, n) of the latent values."""
    pairs = np.ix_(level, level)
    distance = squared_distances(Z, Z)
    K = parts.A[pairs] * matern52(distance if parts.E is None else distance + parts.E[pairs])[0]
    if parts.B is not None:
        K += parts.B[pairs]
    if parts.C is not None:
        K += np.equal.outer(trial, trial) * parts.C[pairs]
    return np.asarray(K)


def _levels(parts: Parts, level: Array, means: Array) -> list[Level]:
    """What `Surface` asks of each level; a new trial shares no C with any of the data."""
    absent = np.zeros_like(parts.A)
    B, C, E = (absent if part is None else part for part in (parts.B, parts.C, parts.E))
    variances = np.diag(parts.A + B + C)
    return [
        Level(parts.A[at, level], B[at, level], E[at, level], float(variances[at]), float(means[at]))
        for at in range(len(means))
    ]
