"""The processes over (configuration, resource) by name, and their most probable parameters for a growing data set.

As in `gp/fit.py` a fit starts from the end of an earlier one, and which one it starts from depends on the number of
reports alone, so that a new process ends where one that saw them come in does. Parameters are fitted to a few reports
(`_FITTED`), spread over trials and levels; the process itself then takes as many as it may.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from harness.gp.curve_models import CurveModel
from harness.gp.curves import Curves, CurvesObjective
from harness.gp.fit import prior, start_of
from harness.gp.joint import Joint, JointObjective, Reports, columns_of, joint_prior
from harness.gp.likelihood import Metric, Prior
from harness.gp.linalg import Array
from harness.gp.minimise import Function, Optimum, minimise
from harness.gp.resource_kernels import RESOURCE_KERNELS
from harness.gp.rows import Limit
from harness.gp.targets import clean, keep

_FITTED = 250
_LEAST = 4
_NOISY = -3.0
_REMEMBERED = 32
_cold = partial(minimise, tolerance=1e-2, max_evaluations=50)
_warm = partial(minimise, tolerance=5e-2, max_evaluations=10)


@dataclass(frozen=True)
class Form:
    """Attributes:
    noise: index of the noise in theta.
    objective: of reports whose targets are standardised.
    condition: reports, pending ones, theta -> the process.
    limited: reports, limit -> those that can be had within it.
    """

    prior: Prior
    noise: int
    objective: Callable[[Reports], Function]
    condition: Callable[[Reports, Reports, Array], Joint | Curves]
    limited: Callable[[Reports, Limit], Reports]


def dense(name: str, metric: Metric) -> Form:
    """The process with a kernel of `RESOURCE_KERNELS`."""
    kernel = RESOURCE_KERNELS[name]
    own = joint_prior(prior(metric, above=False), kernel, columns_of(kernel))
    return Form(
        own,
        metric.parameters - 1,
        lambda reports: JointObjective(reports, kernel, metric, own),
        lambda reports, pending, theta: Joint(reports, pending, kernel, metric, own, theta),
        thinned,
    )


def additive(model: CurveModel, metric: Metric) -> Form:
    """A learning curve model."""
    own = joint_prior(prior(metric, above=False), model, 2)
    return Form(
        own,
        metric.parameters - 1,
        lambda reports: CurvesObjective(reports, model, metric, own),
        lambda reports, pending, theta: Curves(reports, pending, model, metric, own, theta),
        fewer_trials,
    )


class Fitter:
    """Most probable theta of a form."""

    def __init__(self, form: Form, top_fraction: float) -> None:
        self._form = form
        self._limit = Limit(_FITTED, top_fraction)
        self._memory: dict[bytes, Optimum] = {}

    def theta(self, reports: Reports, hurry: Callable[[], bool]) -> Array:
        """For reports in the order they came; where there is `hurry`, the end of the fit that theirs starts from."""
        count = start_of(len(reports)) if hurry() else len(reports)
        return self._form.prior.theta_mean if count < _LEAST else self._optimum(first(reports, count)).x

    def _optimum(self, reports: Reports) -> Optimum:
        key = reports.digest
        if key not in self._memory:
            optimum = self._search(reports)
            while len(self._memory) >= _REMEMBERED:
                del self._memory[next(iter(self._memory))]
            self._memory[key] = optimum
        return self._memory[key]

    def _search(self, reports: Reports) -> Optimum:
        used = self._form.limited(reports, self._limit)
        objective = self._form.objective(standardised(used))
        start = start_of(len(reports))
        if start >= _LEAST:
            known = self._optimum(first(reports, start))
            return _warm(objective, known.x, known.inverse_hessian)
        noisy = self._form.prior.theta_mean.copy()
        noisy[self._form.noise] = _NOISY
        return min((_cold(objective, at) for at in (self._form.prior.theta_mean, noisy)), key=lambda found: found.value)


def standardised(reports: Reports) -> Reports:
    """Reports with targets of mean 0 and deviation 1."""
    losses = clean(reports.y)
    location, deviation = float(losses.mean()), float(losses.std())
    deviation = deviation if deviation > 1e-12 * float(np.abs(losses).max()) else 1.0
    return replace(reports, y=(losses - location) / deviation)


def first(reports: Reports, count: int) -> Reports:
    """The first `count`, over the levels that occur in them and the largest there is: nothing of what came later."""
    level = reports.level[:count]
    known = np.union1d(level, [len(reports.resources) - 1])
    early = replace(reports.take(slice(count)), resources=reports.resources[known])
    return replace(early, level=np.searchsorted(known, level))


def thinned(reports: Reports, limit: Limit) -> Reports:
    """At most `limit.rows` reports: of each curve those at levels that grow by a factor, as small as can be, and the
    last; where one report of each trial is too much, fewer trials."""
    if len(reports) <= limit.rows:
        return reports
    last = _last(reports)
    for factor in (1.25, 1.5, 2.0, 3.0, 5.0, 10.0):
        kept = last | np.isin(reports.level, _spaced(reports.resources, factor))
        if kept.sum() <= limit.rows:
            return reports.take(np.flatnonzero(kept))
    return fewer_trials(reports.take(np.flatnonzero(last)), limit)


def _last(reports: Reports) -> Array:
    """(n,) mask of the highest report of each trial."""
    order = np.lexsort((reports.level, reports.trial))
    ends = np.append(reports.trial[order][1:] != reports.trial[order][:-1], True)
    mask = np.zeros(len(reports), dtype=bool)
    mask[order[ends]] = True
    return mask


def _spaced(resources: Array, factor: float) -> list[int]:
    """Indices of levels each of which is at least `factor` times the one before."""
    chosen = [0]
    for index, resource in enumerate(resources):
        if resource >= factor * resources[chosen[-1]]:
            chosen.append(index)
    return chosen


def fewer_trials(reports: Reports, limit: Limit) -> Reports:
    """All reports of at most `limit.rows` trials: those with the best values, then by a fixed scramble of their ids."""
    trials, number = np.unique(reports.trial, return_inverse=True)
    if len(trials) <= limit.rows:
        return reports
    best = np.full(len(trials), np.inf)
    np.minimum.at(best, number, clean(reports.y))
    kept = keep(best, (trials * 2654435761) % 2**32, limit.rows, limit.top_fraction)
    return reports.take(np.flatnonzero(np.isin(number, kept)))
