"""Kernel parameters for a growing data set: warm starts that depend on the data alone.

The fit to n rows starts where the fit to an earlier number of rows ended, with that fit's inverse Hessian; the
numbers that serve as starts are fixed (the stations), and at powers of two the search starts afresh. A new process that
is given n rows therefore repeats at most eight short fits and ends at exactly the parameters of one that saw the rows
come in. What kind of process it is (kernel, targets) is chosen at stations only. So are the parameters where there are
several levels: each suggestion adds a row to many of them, whose processes say little that the level below does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Literal

import numpy as np

from harness.gp.kernels import KERNELS
from harness.gp.likelihood import Metric, Objective, Prior
from harness.gp.linalg import Array
from harness.gp.minimise import Optimum, minimise
from harness.gp.posterior import Posterior
from harness.gp.rows import Limit, Rows, linear_part
from harness.gp.targets import NormalScores, Scale, Standard

_COLD_ROWS = 100
_COLD_TOLERANCE = 1e-3
_warm = partial(minimise, tolerance=3e-2, max_evaluations=12)
_REMEMBERED = 64
_COMPARED_ROWS = 128
# A warp has to be this many times (in logarithms) likelier: it makes noise near the best look large.
_MARGIN = 3.0
# Beyond so many rows the parameters are known well: they are fitted to so many only, and not at each row.
_FITTED_ROWS, _FITTED_PERIOD = 500, 8
_LEAST_ROWS = 3
# Wiggles without noise and noise without wiggles are two optima: from so many rows on, fresh searches start twice.
_LEAST_ROWS_OF_MORE = 9
_NOISY = -3.0
# Priors of theta, log length scales: a, b and the deviation, where the mean is a + b log(their number).
# With few rows the prior decides: with the wide one the regret of 20 evaluations of test functions took 3 to 10 more.
# On ranks of trials that were stopped early, of which there are many, the sharp one was no better.
_WIDE, _SHARP = (-1.2, 0.5, 1.0), (-1.5, 0.5, 0.6)
# Log noise ratio: mean and deviation.
NOISE = (-13.0, 3.0)


Targets = Literal["plain", "warped", "ranks"]
"""How losses become targets: as they are, logarithmic beyond the better half, or by their ranks."""


@dataclass(frozen=True)
class Kind:
    """Name of the kernel, and the targets."""

    kernel: str
    targets: Targets = "plain"

    def scale(self, losses: Array) -> Scale:
        """The scale that losses (n,) set."""
        if self.targets == "ranks":
            return NormalScores.of(losses)
        return Standard.of(losses, warped=self.targets == "warped")


@dataclass(frozen=True)
class Parameters:
    """What a fit found: the kind of process, and theta."""

    kind: Kind
    theta: Array


def prior(metric: Metric, above: bool, *, sharp: bool = False) -> Prior:
    """Length scales grow with the dimension (C. Hvarfner et al.: Vanilla Bayesian optimization performs great in high
    dimensions, ICML 2024); nearly no noise unless the data ask for it; `above` the lowest level little is left to
    explain, and rho is near 1. `sharp`: of shorter, surer length scales."""
    q = metric.parameters
    at_one, slope, deviation = _SHARP if sharp else _WIDE
    mean, sd = np.full(q, at_one + slope * np.log(max(1, q - 1))), np.full(q, deviation)
    mean[-1], sd[-1] = NOISE
    if above:
        return Prior(mean, sd, 1.0, 0.05, np.array([0.0, 1.0]), np.array([1e-6, 0.2]))
    return Prior(mean, sd, 1.0, 1.0, np.zeros(1), np.zeros(1))


class Fitter:
    """Most probable parameters of one level's process.

    Args:
        kernel: a name of `KERNELS`, or "auto": at the lowest level Matern 5/2 or the squared exponential, whichever up
            to 128 rows favour, above it Matern 5/2.
        targets: "plain", also with "warped" where those rows clearly favour it; or "ranks" alone.
        period: beyond `every_until` rows, only each `period`-th row leads to a new fit.
        parts: of an octave, at each of which there is a new fit; by default there is one at each row.
        sharp: the prior of the length scales is the narrower one.
        starts: of a fresh search: the prior's mean, mostly noise, shorter length scales, longer ones.
        evaluations: of the likelihood that a fresh search may take from each start.
    """

    def __init__(
        self,
        metric: Metric,
        limit: Limit,
        *,
        above: bool,
        kernel: str = "auto",
        targets: Sequence[Targets] = ("plain",),
        every_until: int = 0,
        period: int = 1,
        parts: int | None = None,
        sharp: bool = False,
        starts: int = 2,
        evaluations: int = 50,
    ) -> None:
        self._metric = metric
        self._limit = replace(limit, rows=min(_FITTED_ROWS, limit.rows))
        kernels = [kernel] if kernel != "auto" else ["matern52"] if above else ["matern52", "rbf"]
        self._kinds = [Kind(*each) for each in product(kernels, targets)]
        self._every_until, self._period = every_until, period
        self._parts = parts
        self._starts, self._evaluations = starts, evaluations
        self.prior = prior(metric, above, sharp=sharp)
        self._memory: dict[tuple[Kind, bytes], Optimum] = {}
        self._chosen: dict[bytes, Kind] = {}

    def parameters(self, rows: Rows, hurry: Callable[[], bool] = lambda: False) -> Parameters:
        """Parameters for all rows; where there is `hurry`, those of the last station."""
        count = len(rows)
        if count > self._every_until:
            count -= count % self._period
        if count > _FITTED_ROWS:
            count -= count % _FITTED_PERIOD
        if self._parts:
            count = station(count, self._parts)
        if hurry():
            count = station(count - 1, self._parts)
        if count < _LEAST_ROWS:
            return Parameters(self._kinds[0], self.prior.theta_mean)
        kind = self._kind(rows.take(slice(min(station(count, 4), _COMPARED_ROWS))))
        return Parameters(kind, self._optimum(kind, rows.take(slice(count))).x)

    def posterior(
        self, rows: Rows, used: Rows, hurry: Callable[[], bool], below: Scale | None = None
    ) -> tuple[Posterior, Scale]:
        """The process given the rows `used`, its parameters fitted to `rows`, and the scale of its targets.

        Args:
            below: scale of the level below. All levels share that of the lowest, unless targets are ranks: those are
                of the level's own losses.
        """
        found = self.parameters(rows, hurry)
        scale = found.kind.scale(rows.y) if below is None or found.kind.targets == "ranks" else below
        y, basis = linear_part(used, scale, below or scale)
        kernel = KERNELS[found.kind.kernel]
        own = Posterior(used.X, y, basis, kernel=kernel, metric=self._metric, prior=self.prior, theta=found.theta)
        return own, scale

    def _kind(self, rows: Rows) -> Kind:
        """The likeliest kind of process."""
        if len(self._kinds) == 1 or len(rows) < _LEAST_ROWS:
            return self._kinds[0]
        key = rows.digest
        if key not in self._chosen:
            used = self._limit.apply(rows)
            self._chosen = {key: min(self._kinds, key=lambda kind: self._surprise(kind, rows, used))}
        return self._chosen[key]

    def _surprise(self, kind: Kind, rows: Rows, used: Rows) -> float:
        """Negative log density of the losses themselves; for ranks, which stand alone, of the targets."""
        scale, _ = scales_of(used, kind)
        value = self._optimum(kind, rows).value + (_MARGIN if kind.targets == "warped" else 0.0)
        return value - scale.log_slope(used.y) if isinstance(scale, Standard) else value

    def _optimum(self, kind: Kind, rows: Rows) -> Optimum:
        key = (kind, rows.digest)
        if key not in self._memory:
            optimum = self._search(kind, rows)
            while len(self._memory) >= _REMEMBERED:
                del self._memory[next(iter(self._memory))]
            self._memory[key] = optimum
        return self._memory[key]

    def _search(self, kind: Kind, rows: Rows) -> Optimum:
        start = start_of(len(rows), self._parts)
        objective = self._objective(kind, self._limit.apply(rows))
        if start:
            known = self._optimum(kind, rows.take(slice(start)))
            return _warm(objective, known.x, known.inverse_hessian)
        few = self._objective(kind, replace(self._limit, rows=min(_COLD_ROWS, self._limit.rows)).apply(rows))
        found = [
            minimise(few, start, tolerance=_COLD_TOLERANCE, max_evaluations=self._evaluations)
            for start in self._fresh_starts(len(rows))
        ]
        known = min(found, key=lambda optimum: optimum.value)
        return known if len(rows) <= _COLD_ROWS else _warm(objective, known.x, known.inverse_hessian)

    def _fresh_starts(self, count: int) -> list[Array]:
        mean, sd = self.prior.theta_mean, self.prior.theta_sd
        noise_only = np.append(mean[:-1], _NOISY)
        scales = np.append(np.ones(len(mean) - 1), 0.0) * sd
        starts = [mean, noise_only, mean - scales, mean + scales]
        return starts[: self._starts if count >= _LEAST_ROWS_OF_MORE else 1]

    def _objective(self, kind: Kind, rows: Rows) -> Objective:
        y, basis = linear_part(rows, *scales_of(rows, kind))
        return Objective(rows.X, y, basis, KERNELS[kind.kernel], self._metric, self.prior)


def scales_of(rows: Rows, kind: Kind) -> tuple[Scale, Scale]:
    """The scales that rows set by themselves: of their losses, and of those below."""
    if kind.targets == "ranks":
        return kind.scale(rows.y), kind.scale(rows.lower)
    both = kind.scale(np.concatenate((rows.y, rows.lower)))
    return both, both


def station(count: int, parts: int | None = None) -> int:
    """The last station up to `count`: 2^k (1 + j / parts) for j = 0 ... parts - 1, where whole.

    Eight parts by default, from 256 rows on four: a new process has to repeat the fits of one octave.
    """
    parts = parts or (8 if count < 256 else 4)
    step = max(1, (1 << count.bit_length()) // (2 * parts))
    return count // step * step


def start_of(count: int, parts: int | None = None) -> int:
    """Number of rows whose fit is the start for `count` rows: the station before; 0 for a fresh start."""
    return 0 if count <= 8 or count & (count - 1) == 0 else station(count - 1, parts)
