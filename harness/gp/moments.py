"""Moments of several processes at the same rows, computed together.

With few rows of data numpy's calls take longer than their arithmetic: all processes go through each of them at once,
their data side by side as columns. Only the factors, which are large with many data, stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from harness.gp.kernels import SMALL, Kernel
from harness.gp.linalg import Array
from harness.gp.posterior import Posterior

_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class Moments:
    """Mean and variance (p, m) of p latent functions at m rows; gradients (p, m, d), or (p, 0, d) if not asked for."""

    mean: Array
    var: Array
    mean_gradient: Array
    var_gradient: Array

    def __getitem__(self, which: int | Sequence[int]) -> Moments:
        """Of one function, whose arrays lack the first axis, or of some."""
        return Moments(self.mean[which], self.var[which], self.mean_gradient[which], self.var_gradient[which])


class Processes:
    """p processes side by side, N the number of all their data. Linear parts of means are left out.

    Squared scaled distances are linear in (x^2, x): D_r(x) = sum_j s_rj^2 (x_j^2 - 2 x_j x_rj) + |s_r x_r|^2 for datum
    x_r and the scales s_r of its process, so that one product with (2 d, N) gives all of them.
    """

    def __init__(self, posteriors: Sequence[Posterior]) -> None:
        sizes = [len(each.X) for each in posteriors]
        data = np.concatenate([each.X for each in posteriors])
        self._squares = np.array([each.scales**2 for each in posteriors])
        weights = np.repeat(self._squares, sizes, axis=0)
        scaled = weights * data
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._parts = [slice(start, start + size) for start, size in zip(self._starts, sizes, strict=True)]
        self._kernels: list[tuple[slice, Kernel]] = []
        for kernel, group in groupby(zip(self._parts, posteriors, strict=True), key=lambda pair: pair[1].kernel):
            parts = [part for part, _ in group]
            self._kernels.append((slice(parts[0].start, parts[-1].stop), kernel))
        self._to_distance = np.concatenate((weights, -2.0 * scaled), axis=1).T
        self._norms = (scaled * data).sum(axis=1)
        self._alpha = np.concatenate([each.alpha for each in posteriors])
        self._s2 = np.array([[each.s2] for each in posteriors])
        self._posteriors = posteriors
        p, d = self._squares.shape
        # Each process pulls on d columns of its own.
        self._pulling = np.zeros((len(data), p * d))
        for index, part in enumerate(self._parts):
            self._pulling[part, index * d : (index + 1) * d] = scaled[part]

    def moments(self, X: Array, gradients: bool) -> Moments:
        """Moments at rows X (m, d)."""
        if gradients:
            return self._with_gradients(X)
        p, d = self._squares.shape
        mean, var = np.empty((p, len(X))), np.empty((p, len(X)))
        block = max(8, SMALL // len(self._alpha))
        for start in range(0, len(X), block):
            rows = slice(start, start + block)
            k, _ = self._correlations(X[rows])
            mean[:, rows], var[:, rows] = self._sums(k * self._alpha), self._variance(k, self._projected(k))
        empty = np.empty((p, 0, d))
        return Moments(mean, var, empty, empty)

    def _with_gradients(self, X: Array) -> Moments:
        (m, d), p = X.shape, len(self._parts)
        k, S = self._correlations(X)
        projected = self._projected(k)
        pulls = np.empty_like(k)
        for part, each in zip(self._parts, self._posteriors, strict=True):
            np.matmul(projected[:, part], each.inverse_factor, out=pulls[:, part])
            if each.reference is not None:
                pulls[:, part] += each.reference[0]
        weights = np.empty((2 * m, len(self._alpha)))
        np.multiply(S, self._alpha, out=weights[:m])
        np.multiply(S, pulls, out=weights[m:])
        pulled = (weights @ self._pulling).reshape(2, m, p, d).transpose(0, 2, 1, 3)
        steps = self._sums(weights).reshape(p, 2, m).swapaxes(0, 1)[..., None] * (self._squares[:, None] * X)
        steps -= pulled
        steps *= -2.0
        mean, var = self._sums(k * self._alpha), self._variance(k, projected)
        return Moments(mean, var, steps[0], (-2.0 * self._s2[..., None]) * steps[1])

    def _correlations(self, X: Array) -> tuple[Array, Array]:
        """(m, N) correlations of rows X (m, d) with all data, and S."""
        distance = np.concatenate((X * X, X), axis=1) @ self._to_distance
        distance += self._norms
        np.maximum(distance, 0.0, out=distance)
        if len(self._kernels) == 1:
            return self._kernels[0][1](distance)
        k, S = np.empty_like(distance), np.empty_like(distance)
        for part, kernel in self._kernels:
            k[:, part], S[:, part] = kernel(distance[:, part])
        return k, S

    def _projected(self, k: Array) -> Array:
        """(m, N), L^-1 k of each process."""
        projected = np.empty_like(k)
        for part, each in zip(self._parts, self._posteriors, strict=True):
            np.matmul(k[:, part], each.inverse_factor.T, out=projected[:, part])
        return projected

    def _variance(self, k: Array, projected: Array) -> Array:
        left = 1.0 - self._sums(projected * projected)
        for index, (part, each) in enumerate(zip(self._parts, self._posteriors, strict=True)):
            if each.reference is not None:
                left[index] -= 2.0 * (k[:, part] @ each.reference[0]) - each.reference[1]
        return np.asarray(self._s2 * np.maximum(left, _LEAST_VARIANCE))

    def _sums(self, values: Array) -> Array:
        """(p, m) sums of values (m, N) over each process's data."""
        return np.asarray(np.add.reduceat(values, self._starts, axis=1).T)
