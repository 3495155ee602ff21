"""The median stopping rule."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass

from harness.core.decisions import CONTINUE, Action, Decision, Grounds, Start
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Trial
from harness.errors import UsageError
from harness.options import Options, arg
from harness.schedulers.reasons import at, finite, the_end
from harness.schedulers.rungs import quantile, worst_last


class MedianStoppingOptions(Options):
    """When the rule starts to apply."""

    grace_period: int = arg(1, "lowest resource level at which a trial may be stopped", ge=1)
    grace_population: int = arg(5, "other trials that must have reached a level before any is stopped there", ge=1)


@dataclass
class _Curve:
    """What is known of a trial: reports, their sum, the least loss, the highest resource level."""

    count: int = 0
    total: float = 0.0
    best: float = math.inf
    reached: int = 0
    mean: float = math.inf


class MedianStopping:
    """A trial is stopped at level r if its best value so far is worse than the median of the others' means up to r.

    D. Golovin et al., Google Vizier, KDD 2017, Section 3.2.2. "The others" are all trials that have reported at r,
    ended or not: the paper takes completed ones only, of which there are none while all workers run their first.
    """

    def __init__(self, context: Context, options: MedianStoppingOptions) -> None:
        _check(options, context.problem)
        self._problem = context.problem
        self._options = options
        # Caches of what the first `_read` results of the history say; means of each level in ascending order.
        self._curves: dict[int, _Curve] = defaultdict(_Curve)
        self._means: dict[int, list[float]] = defaultdict(list)
        self._read = 0

    @staticmethod
    def levels(options: MedianStoppingOptions, problem: Problem) -> tuple[int, ...]:
        """None: trials are judged at every report, which singles out no level."""
        _check(options, problem)
        return ()

    def next(self, history: HistoryView) -> Start:
        return Start()

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        while self._read < len(history.results):
            self._note(history.results[self._read])
            self._read += 1
        resource = result.resource or 0
        if resource >= (self._problem.max_resource or math.inf):
            return Decision(Action.STOP, reason=the_end(self._problem, resource))
        curve = self._curves[trial.trial_id]
        if resource < max(curve.reached, self._options.grace_period):  # also a level that is reported anew
            return CONTINUE
        others = self._others(resource, curve.mean)
        if len(others) < self._options.grace_population:
            return CONTINUE
        median = quantile(others, 0.5)
        if curve.best <= median and curve.best < math.inf:
            return CONTINUE
        best = at(self._problem, resource, curve.best)
        text = f"{best} at best is worse than {self._problem.value(median):.4g}, the median of {len(others)} others"
        grounds = Grounds(
            level=resource,
            value=finite(self._problem, curve.best),
            rank=bisect_left(others, curve.best) + 1,
            count=len(others) + 1,
            places=bisect_right(others, median),
            cutoff=finite(self._problem, median),
        )
        return Decision(Action.STOP, reason=text, grounds=grounds)

    def _others(self, resource: int, own: float) -> list[float]:
        means = self._means[resource]
        position = bisect_left(means, own)
        return means[:position] + means[position + 1 :]

    def _note(self, result: Result) -> None:
        curve, resource, loss = self._curves[result.trial_id], result.resource or 0, worst_last(result.loss)
        if resource <= curve.reached:
            return
        curve.reached = resource
        curve.count += 1
        curve.total += loss
        curve.best = min(curve.best, loss)
        curve.mean = worst_last(curve.total / curve.count)
        insort(self._means[resource], curve.mean)


def _check(options: MedianStoppingOptions, problem: Problem) -> None:
    if problem.resource_attr is None:
        raise UsageError("median_stopping needs a benchmark that reports a resource (resource_attr)")
