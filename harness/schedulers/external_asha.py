"""Other libraries' asynchronous successive halving, stopping variant, driven by our loop: what the adapters share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from harness.core.decisions import CONTINUE, Action, Decision, Start
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.seeds import numpy_seeded, rng
from harness.core.trial import Result, Trial
from harness.errors import UsageError
from harness.options import Options, arg
from harness.schedulers.reasons import at, the_end


class ExternalAshaOptions(Options):
    """Arguments that these classes have in common, under our names."""

    grace_period: int = arg(1, "resource level below which no trial is stopped", ge=1)
    reduction_factor: float = arg(3.0, "one in so many trials goes on at a rung (Ray's own default is 4)", gt=1)
    brackets: int = arg(1, "number of brackets; each begins one rung higher", ge=1)


class ExternalAsha(ABC):
    """Base of the adapters: tells the library of trials and results in the order of the history.

    Attributes:
        library: its name, for reasons.
    """

    library: ClassVar[str]

    def __init__(self, context: Context, options: ExternalAshaOptions) -> None:
        self._problem = context.problem
        self._seed = context.seed
        self._added = 0
        self._told = 0

    @staticmethod
    def levels(options: ExternalAshaOptions, problem: Problem) -> tuple[int, ...]:
        """Levels of the rungs of the first bracket. UsageError where the benchmark has no resource."""
        if problem.resource_attr is None or problem.max_resource is None:
            raise UsageError("this scheduler needs a benchmark that reports a resource (resource_attr)")
        if options.grace_period > problem.max_resource:
            raise UsageError(
                f"grace_period {options.grace_period} is above the maximum resource level {problem.max_resource}"
            )
        levels, level = [], float(options.grace_period)
        while level < problem.max_resource:
            levels.append(round(level))
            level *= options.reduction_factor
        return tuple(dict.fromkeys(levels))

    @abstractmethod
    def add(self, trial_id: int) -> None:
        """Tell the library of a new trial. It may draw a bracket from numpy's global generator."""

    @abstractmethod
    def stops(self, result: Result) -> bool:
        """Tell the library of a result. Whether it ends the trial."""

    def next(self, history: HistoryView) -> Start:
        return Start()

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        self._read(history)
        stops = self.stops(result)
        self._told = len(history.results)
        resource = result.resource or 0
        if resource >= (self._problem.max_resource or 0):
            return Decision(Action.STOP, reason=the_end(self._problem, resource))
        if not stops:
            return CONTINUE
        return Decision(Action.STOP, reason=f"{at(self._problem, resource, result.loss)} is below {self.library}'s cut")

    def _read(self, history: HistoryView) -> None:
        """Tell of the trials and results that the library has not seen, all but the last one."""
        while self._added < len(history.trials):
            with numpy_seeded(int(rng(self._seed, "bracket", self._added).integers(2**32))):
                self.add(self._added)
            self._added += 1
        for result in history.results[self._told : -1]:
            self.stops(result)
