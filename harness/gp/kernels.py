"""Stationary kernels as functions of the squared scaled distance.

C. E. Rasmussen, C. K. I. Williams: Gaussian Processes for Machine Learning (2006), section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.gp.linalg import Array

Kernel = Callable[[Array], tuple[Array, Array]]


def matern52(distance: Array) -> tuple[Array, Array]:
    """k = (1 + r + r^2/3) exp(-r) with r = sqrt(5 D), and S = -dk/dD = 5/6 (1 + r) exp(-r); shapes as `distance`."""
    r = np.sqrt(distance)
    r *= np.sqrt(5.0)
    decay = np.exp(-r)
    slope = r + 1.0
    slope *= decay
    r *= r
    r *= decay
    r /= 3.0
    r += slope
    slope *= 5.0 / 6.0
    return r, slope


def squared_exponential(distance: Array) -> tuple[Array, Array]:
    """k = exp(-D/2) and S = k/2."""
    value = np.exp(-0.5 * distance)
    return value, 0.5 * value


KERNELS: dict[str, Kernel] = {"matern52": matern52, "rbf": squared_exponential}


# Temporary arrays up to this many entries come from the heap; larger ones are mapped anew, and paging them in costs
# more than the arithmetic on them.
SMALL = 16_000


def correlations(kernel: Kernel, Z: Array, noise: float, K: Array, S: Array | None = None) -> None:
    """Fill the lower triangles of K (n, n), with `noise` added to its diagonal, and of S; both in Fortran order.

    By blocks of columns from the diagonal down: half the work, and the passes over a block stay in the cache.
    """
    n = len(Z)
    norms = np.einsum("ij,ij->i", Z, Z)
    block = max(8, SMALL // n)
    for start in range(0, n, block):
        stop = min(start + block, n)
        distance = Z[start:stop] @ Z[start:].T
        distance *= -2.0
        distance += norms[start:stop, None]
        distance += norms[start:]
        value, slope = kernel(np.maximum(distance, 0.0, out=distance))
        K.T[start:stop, start:] = value
        if S is not None:
            S.T[start:stop, start:] = slope
    K.ravel(order="K")[:: n + 1] += noise


def squared_distances(a: Array, b: Array) -> Array:
    """(m, n) squared Euclidean distances between rows of (m, d) and (n, d); never negative."""
    product = (-2.0 * a) @ b.T
    product += (a * a).sum(axis=1)[:, None]
    product += (b * b).sum(axis=1)
    np.maximum(product, 0.0, out=product)
    return np.asarray(product)
