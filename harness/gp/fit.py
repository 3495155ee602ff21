"""Kernel parameters for a growing data set: warm starts that depend on the data alone.

The fit to n rows starts where the fit to an earlier number of rows ended, with that fit's inverse Hessian; the
numbers that serve as starts are fixed, and at powers of two the search starts afresh. A new process that is given n
rows therefore repeats at most eight short fits and ends at exactly the parameters of one that saw the rows come in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from harness.gp.kernels import KERNELS
from harness.gp.likelihood import Metric, Objective, Prior
from harness.gp.linalg import Array
from harness.gp.minimise import Optimum, minimise
from harness.gp.targets import clean, keep

_COLD_ROWS = 100
_cold = partial(minimise, tolerance=1e-3, max_evaluations=60)
_warm = partial(minimise, tolerance=3e-2, max_evaluations=12)
_REMEMBERED = 64
_COMPARED_ROWS = 120
_LEAST_ROWS = 3
# Wiggles without noise and noise without wiggles are two optima; with more rows than this, both are tried.
_LEAST_NOISY = 8
_NOISY = -3.0
_FARTHEST = 1e6
# Prior of theta: log length scales have mean a + b log(their number), deviation 1; log noise ratio (mean, deviation).
LENGTH_SCALE = (-1.2, 0.5)
NOISE = (-13.0, 3.0)


@dataclass(frozen=True)
class Rows:
    """Data of one level, in the order it came.

    Attributes:
        X: (n, d).
        y: (n,) losses as reported.
        lower: (n,) losses of the same trials at the level below; (0,) at the lowest level.
        priority: (n,) see `targets.keep`.
    """

    X: Array
    y: Array
    lower: Array
    priority: Array

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: Array | slice) -> Rows:
        lower = self.lower[index] if len(self.lower) else self.lower
        return Rows(self.X[index], self.y[index], lower, self.priority[index])

    @property
    def digest(self) -> bytes:
        parts = (self.X, self.y, self.lower)
        return hashlib.blake2b(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).digest()


@dataclass(frozen=True)
class Limit:
    """At most `rows` of a level enter a process; `top_fraction` of them are the best ones."""

    rows: int
    top_fraction: float

    def apply(self, rows: Rows) -> Rows:
        if len(rows) <= self.rows:
            return rows
        return rows.take(keep(clean(rows.y), rows.priority, self.rows, self.top_fraction))


@dataclass(frozen=True)
class Parameters:
    """What a fit found: the name of the kernel, and theta."""

    kernel: str
    theta: Array


def linear_part(rows: Rows, location: float, scale: float) -> tuple[Array, Array]:
    """Standardised targets (n,) and basis: (n, 1) ones, above the lowest level (n, 2) with the level below."""
    y = _in_units(rows.y, location, scale)
    ones = np.ones(len(y))
    if not len(rows.lower):
        return y, ones[:, None]
    return y, np.column_stack((ones, _in_units(rows.lower, location, scale)))


def _in_units(losses: Array, location: float, scale: float) -> Array:
    # Bounded, because the scale is that of the lowest level and need not be that of every level.
    return np.clip((clean(losses) - location) / scale, -_FARTHEST, _FARTHEST)


def standard(values: Array) -> tuple[float, float]:
    """Mean and standard deviation of values (n,); 1 instead of a deviation that rounding could have made."""
    location, deviation = float(values.mean()), float(values.std())
    return location, deviation if deviation > 1e-12 * float(np.abs(values).max()) else 1.0


def prior(metric: Metric, above: bool) -> Prior:
    """Length scales grow with the dimension (C. Hvarfner et al.: Vanilla Bayesian optimization performs great in high
    dimensions, ICML 2024); nearly no noise unless the data ask for it; `above` the lowest level little is left to
    explain, and rho is near 1."""
    q = metric.parameters
    mean, sd = np.full(q, LENGTH_SCALE[0] + LENGTH_SCALE[1] * np.log(max(1, q - 1))), np.ones(q)
    mean[-1], sd[-1] = NOISE
    if above:
        return Prior(mean, sd, 1.0, 0.05, np.array([0.0, 1.0]), np.array([1e-6, 0.2]))
    return Prior(mean, sd, 1.0, 1.0, np.zeros(1), np.zeros(1))


class Fitter:
    """Most probable parameters of one level's process.

    Args:
        kernel: a name of `KERNELS`, or "auto": Matern 5/2 or, at the lowest level and up to 120 rows, the squared
            exponential where the data favour it.
        period: beyond `every_until` rows, only each `period`-th row leads to a new fit.
    """

    def __init__(
        self, metric: Metric, limit: Limit, *, above: bool, kernel: str = "auto", every_until: int = 0, period: int = 1
    ) -> None:
        self._metric = metric
        self._limit = limit
        self._kernel = "matern52" if kernel == "auto" else kernel
        # Above the lowest level there is little to tell kernels apart by.
        self._compare = kernel == "auto" and not above
        self._every_until, self._period = every_until, period
        self.prior = prior(metric, above)
        self._memory: dict[tuple[str, bytes], Optimum] = {}

    def parameters(self, rows: Rows, hurry: Callable[[], bool] = lambda: False) -> Parameters:
        """Parameters for all rows; where there is `hurry`, those of the last starting point."""
        count = len(rows)
        if count > self._every_until:
            count -= count % self._period
        if hurry():
            count = start_of(count)
        if count < _LEAST_ROWS:
            return Parameters(self._kernel, self.prior.theta_mean)
        best = self._optimum(self._kernel, rows.take(slice(count)))
        if self._compare and count <= _COMPARED_ROWS:
            other = self._optimum("rbf", rows.take(slice(count)))
            if other.value < best.value:
                return Parameters("rbf", other.x)
        return Parameters(self._kernel, best.x)

    def _optimum(self, kernel: str, rows: Rows) -> Optimum:
        key = (kernel, rows.digest)
        if key not in self._memory:
            optimum = self._search(kernel, rows)
            while len(self._memory) >= _REMEMBERED:
                del self._memory[next(iter(self._memory))]
            self._memory[key] = optimum
        return self._memory[key]

    def _search(self, kernel: str, rows: Rows) -> Optimum:
        start = start_of(len(rows))
        objective = self._objective(kernel, self._limit.apply(rows))
        if start:
            known = self._optimum(kernel, rows.take(slice(start)))
            return _warm(objective, known.x, known.inverse_hessian)
        few = self._objective(kernel, replace(self._limit, rows=min(_COLD_ROWS, self._limit.rows)).apply(rows))
        known = _cold(few, self.prior.theta_mean)
        if len(rows) > _LEAST_NOISY:
            noisy = self.prior.theta_mean.copy()
            noisy[-1] = _NOISY
            known = min(known, _cold(few, noisy), key=lambda optimum: optimum.value)
        return known if len(rows) <= _COLD_ROWS else _warm(objective, known.x, known.inverse_hessian)

    def _objective(self, kernel: str, rows: Rows) -> Objective:
        pooled = np.concatenate((clean(rows.y), clean(rows.lower)))
        y, basis = linear_part(rows, *standard(pooled))
        return Objective(rows.X, y, basis, KERNELS[kernel], self._metric, self.prior)


def start_of(count: int) -> int:
    """Number of rows whose fit is the start for `count` rows: 2^k (8 + j) / 8 for j = 0 ... 7; 0 for a fresh start."""
    if count <= 8 or count & (count - 1) == 0:
        return 0
    octave = 1 << ((count - 1).bit_length() - 1)
    step = max(1, octave // 8)
    return octave + (count - 1 - octave) // step * step
