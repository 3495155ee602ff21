"""Cholesky factors and what follows from them, straight on LAPACK: scipy's wrappers cost more than small problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.gp.lapack import lapack

Array = np.ndarray[Any, np.dtype[Any]]

_JITTER = (0.0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0)


def cholesky(build: Callable[[float], Array]) -> tuple[Array, float]:
    """Lower factor of a symmetric (n, n) matrix, and the jitter that it needed.

    Args:
        build: jitter -> the matrix with it added to the diagonal, in Fortran order; its lower triangle is read and
            overwritten by the factor, the upper one by zeros.

    LinAlgError if the matrix is not finite or far from positive definite.
    """
    for jitter in _JITTER:
        factor, info = lapack.dpotrf(build(jitter), lower=1, clean=1, overwrite_a=1)
        if info == 0 and np.isfinite(factor[-1, -1]):
            return factor, jitter
    raise np.linalg.LinAlgError(f"no Cholesky factor of a {factor.shape} matrix, even with jitter {_JITTER[-1]}")


def cholesky_of(matrix: Array) -> tuple[Array, float]:
    """The same of a matrix (n, n) at hand, which is kept; zeros above the diagonal."""
    return cholesky(lambda jitter: np.asfortranarray(np.tril(matrix) + jitter * np.eye(len(matrix))))


def log_determinant(factor: Array) -> float:
    """log |L L^T|."""
    return 2.0 * float(np.log(factor.ravel(order="K")[:: len(factor) + 1]).sum())


def solve(factor: Array, right: Array) -> Array:
    """(L L^T)^-1 B for B of shape (n, k)."""
    solution, _ = lapack.dpotrs(factor, right, lower=1)
    return np.asarray(solution)


def solve_small(matrix: Array, right: Array) -> Array:
    """Solution (p,) for a symmetric positive definite (p, p) matrix, of which numpy's would be mostly overhead."""
    _, solution, info = lapack.dposv(matrix, right, lower=1)
    return np.asarray(solution) if info == 0 else np.linalg.solve(matrix, right)


def inverse(factor: Array) -> Array:
    """Lower triangle of (L L^T)^-1. The factor is overwritten."""
    result, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    return np.asarray(result)


def inverse_factor(factor: Array) -> Array:
    """L^-1, lower triangular. The factor is overwritten."""
    result, _ = lapack.dtrtri(factor, lower=1, overwrite_c=1)
    return np.asarray(result)


def extend_inverse_factor(inverse_lower: Array, cross: Array, corner: Array) -> Array:
    """L^-1 of a matrix that grew by m rows.

    Args:
        inverse_lower: (n, n), L^-1 of the old matrix.
        cross: (n, m), old rows against new ones.
        corner: (m, m), new rows against themselves.
    """
    n, m = cross.shape
    projected = inverse_lower @ cross
    factor, _ = cholesky_of(corner - projected.T @ projected)
    corner_inverse = inverse_factor(factor)
    grown = np.zeros((n + m, n + m))
    grown[:n, :n] = inverse_lower
    grown[n:, n:] = corner_inverse
    grown[n:, :n] = -corner_inverse @ (projected.T @ inverse_lower)
    return grown
