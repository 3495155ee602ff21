"""The record of an experiment, as schedulers and searchers see it: trials and results in the order they came.

Only the tuning loop (and its replay) writes to it. Schedulers and searchers read; what they keep of it is a cache
that a fresh instance would rebuild from the same record.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.core.problem import Problem
from harness.core.space import Config
from harness.core.trial import Result, Status, Trial


@dataclass(frozen=True)
class Pending:
    """An evaluation under way. `resource` is the trial's next milestone, None for its end."""

    trial_id: int
    config: Config
    resource: int | None


class HistoryView(Protocol):
    """What schedulers and searchers may read. `results` is append-only: an index into it stays valid."""

    @property
    def problem(self) -> Problem: ...
    @property
    def trials(self) -> Mapping[int, Trial]: ...
    @property
    def results(self) -> Sequence[Result]: ...
    def running(self) -> list[Trial]: ...
    @property
    def num_running(self) -> int: ...
    def paused(self) -> list[Trial]: ...
    def pending(self) -> list[Pending]: ...
    def count(self, status: Status) -> int: ...
    def best(self) -> Result | None: ...
    @property
    def exhausted(self) -> bool:
        """Whether the searcher has no configuration left: no trial will be started any more."""
        ...


class History:
    """The record itself. Trial ids count from 0 in the order of starting."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.trials: dict[int, Trial] = {}
        self.results: list[Result] = []
        # Indices by status, so that a look costs what it returns and not the number of all trials ever started.
        self._by_status: dict[Status, dict[int, Trial]] = {status: {} for status in Status}
        self._running = self._by_status[Status.IN_PROGRESS]
        self._best: Result | None = None
        self.exhausted = False

    def running(self) -> list[Trial]:
        """Trials in progress, in the order of their (re)start."""
        return list(self._running.values())

    @property
    def num_running(self) -> int:
        """Number of trials in progress."""
        return len(self._running)

    def paused(self) -> list[Trial]:
        """Paused trials, in the order of pausing."""
        return list(self._by_status[Status.PAUSED].values())

    def pending(self) -> list[Pending]:
        """Evaluations under way: running trials at their next milestone."""
        return [Pending(trial.trial_id, trial.config, trial.milestone) for trial in self.running()]

    def count(self, status: Status) -> int:
        return len(self._by_status[status])

    def best(self) -> Result | None:
        """Feasible result with the least finite loss, the first of equals; None before any."""
        return self._best

    # Writers: the loop and replay only.

    def start(self, config: Config, *, until: int | None, bracket: int, milestone: int | None) -> Trial:
        trial = Trial(len(self.trials), config, bracket=bracket, until=until, milestone=milestone)
        self.trials[trial.trial_id] = trial
        self._by_status[trial.status][trial.trial_id] = trial
        return trial

    def resume(self, trial_id: int, *, until: int | None, milestone: int | None) -> Trial:
        trial = self.trials[trial_id]
        if trial.status is not Status.PAUSED:
            raise ValueError(f"trial {trial_id} is {trial.status.value}, only a paused trial can be resumed")
        self._move(trial, Status.IN_PROGRESS)
        trial.leg += 1
        trial.until = until
        trial.milestone = milestone
        return trial

    def report(self, trial_id: int, metrics: Mapping[str, Any], at: float) -> Result:
        """Append a report of the trial's present leg. MissingMetric where it lacks the metric."""
        trial = self.trials[trial_id]
        problem = self.problem
        problem.check(metrics)
        result = Result(trial_id, trial.leg, problem.resource(metrics), problem.loss(metrics), metrics, at)
        trial.results.append(result)
        self.results.append(result)
        if (
            (self._best is None or result.loss < self._best.loss)
            and math.isfinite(result.loss)
            and problem.feasible(metrics)
        ):
            self._best = result
        return result

    def set_milestone(self, trial_id: int, milestone: int) -> None:
        self.trials[trial_id].milestone = milestone

    def end(self, trial_id: int, status: Status) -> Trial:
        """The present leg is over: completed, failed, paused or stopped."""
        trial = self.trials[trial_id]
        self._move(trial, status)
        trial.milestone = None
        return trial

    def _move(self, trial: Trial, status: Status) -> None:
        del self._by_status[trial.status][trial.trial_id]
        trial.status = status
        self._by_status[status][trial.trial_id] = trial
