"""What an evaluation will cost, as a factor of the acquisition function."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harness.core.encode import Encoder
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Status, Trial
from harness.gp.linalg import Array
from harness.gp.moments import Moments
from harness.searchers.observations import levels_of
from harness.searchers.surrogate import Target
from harness.searchers.weighted import Acquisition, Factor, Hurry, Regression, Weighted

_FEWEST = 3
_LEAST = 1e-6


class TotalCost:
    """log c(x) is a Gaussian process, fitted to what completed trials have cost."""

    def __init__(self, context: Context, exponent: float) -> None:
        self._problem = context.problem
        self._encoder = Encoder(context.problem.space)
        self._exponent = exponent
        self._regression = Regression(self._encoder)

    def weigh(self, target: Target, history: HistoryView, hurry: Hurry) -> Acquisition:
        ended = [trial for trial in history.trials.values() if trial.status is Status.COMPLETED and trial.results]
        ended.sort(key=lambda trial: (trial.results[-1].at, trial.trial_id))
        known = [(trial, cost) for trial in ended if (cost := _cost(self._problem, trial, -1)) > 0.0]
        if len(known) < _FEWEST:
            return target
        X = self._encoder.encode_many([trial.config for trial, _ in known])
        ids = np.array([trial.trial_id for trial, _ in known])
        predict = self._regression.fitted(X, np.log([cost for _, cost in known]), ids, hurry)

        def factor(at: Array) -> tuple[Array, Array]:
            log_cost = predict(at)
            return -self._exponent * log_cost.mean, -self._exponent * log_cost.mean_gradient

        return Weighted(factor, target.incumbents, target)


@dataclass(frozen=True)
class Line:
    """c0 + c1 r through the reports of a trial.

    Attributes:
        start, slope: c0 and c1; where there is one report only, its cost and NaN.
        resource: level of the first report.
    """

    start: float
    slope: float
    resource: int


class LinearCost:
    """c(x, r) = c0(x) + c1(x) r; log c1 and log(1 + c0 / m) are Gaussian processes, m the median of all c1.

    A trial's c1 is the cost per unit of resource between its reports, leg by leg (a resumed trial may count from 0
    again), its c0 what is left of its first report. A trial with one report is taken to have the median c0.
    """

    def __init__(self, context: Context, exponent: float) -> None:
        self._problem = context.problem
        self._encoder = Encoder(context.problem.space)
        self._exponent = exponent
        self._levels = levels_of(context)
        self._regressions = Regression(self._encoder), Regression(self._encoder)
        self._lines: dict[int, tuple[int, Line | None]] = {}

    def weigh(self, target: Target, history: HistoryView, hurry: Hurry) -> Acquisition:
        lines = [(trial, line) for trial in history.trials.values() if (line := self._line(trial)) is not None]
        if len(lines) < _FEWEST:
            return target
        starts, slopes = coefficients([line for _, line in lines])
        X = self._encoder.encode_many([trial.config for trial, _ in lines])
        ids = np.array([trial.trial_id for trial, _ in lines])
        unit = float(np.median(slopes))
        start = self._regressions[0].fitted(X, np.log1p(starts / unit), ids, hurry)
        slope = self._regressions[1].fitted(X, np.log(slopes), ids, hurry)
        resource = self._levels[target.level] if self._levels else self._problem.max_resource or 1
        return Weighted(self._factor(start, slope, unit, resource), target.incumbents, target)

    def _factor(
        self,
        start: Callable[[Array], Moments],
        slope: Callable[[Array], Moments],
        unit: float,
        resource: int,
    ) -> Factor:
        def factor(at: Array) -> tuple[Array, Array]:
            u, v = start(at), slope(at)
            grown = unit * np.exp(np.maximum(u.mean, 0.0))
            growth = np.exp(v.mean) * resource
            cost = grown - unit + growth
            by_start = np.where(u.mean > 0.0, grown, 0.0)[:, None] * u.mean_gradient
            gradient = (by_start + growth[:, None] * v.mean_gradient) / cost[:, None]
            return -self._exponent * np.log(cost), -self._exponent * gradient

        return factor

    def _line(self, trial: Trial) -> Line | None:
        count, line = self._lines.get(trial.trial_id, (0, None))
        if count != len(trial.results):
            line = fit_line(self._problem, trial)
            self._lines[trial.trial_id] = len(trial.results), line
        return line


def fit_line(problem: Problem, trial: Trial) -> Line | None:
    """The line through a trial's reports; None where none of them has a cost and a resource level."""
    points = [
        (result.leg, result.resource, cost)
        for index, result in enumerate(trial.results)
        if result.resource is not None and result.resource > 0 and (cost := _cost(problem, trial, index)) > 0.0
    ]
    if not points:
        return None
    further, paid = 0, 0.0
    for (leg, resource, cost), (next_leg, next_resource, next_cost) in pairwise(points):
        if leg == next_leg and next_resource > resource and next_cost >= cost:
            further += next_resource - resource
            paid += next_cost - cost
    _, first, cost = points[0]
    if not further:
        return Line(cost, math.nan, first)
    slope = paid / further
    return Line(max(0.0, cost - slope * first), slope, first)


def coefficients(lines: list[Line]) -> tuple[Array, Array]:
    """c0 (n,) and c1 (n,), the latter positive."""
    start = np.array([line.start for line in lines])
    slope = np.array([line.slope for line in lines])
    resource = np.array([line.resource for line in lines], dtype=float)
    single = np.isnan(slope)
    usual = float(np.median(start[~single])) if not single.all() else 0.0
    share = np.minimum(usual, 0.9 * start)
    slope = np.where(single, (start - share) / resource, slope)
    start = np.where(single, share, start)
    return start, np.maximum(slope, _LEAST * float(slope.max()))


def _cost(problem: Problem, trial: Trial, index: int) -> float:
    return problem.cost(trial.results[index].metrics)
