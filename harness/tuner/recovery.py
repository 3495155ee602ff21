"""Trials whose leg is run again: after a failure that was not theirs, or when an experiment goes on after a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import Any

from harness.core.events import Exited
from harness.core.failures import Failure
from harness.core.history import HistoryView
from harness.core.problem import MissingMetric
from harness.core.trial import Trial

# Times that a trial is tried again without getting further: a machine that kills every trial must not keep an
# experiment for ever.
RETRIES = 3


class Verdict(Enum):
    """What to do with a report of a leg that was run again.

    REPEAT: known since the attempt before. GAP: reports before it were lost with that attempt, whose checkpoint is
    ahead of them: the trial has to start from nothing, or the results would miss them.
    """

    NEW = 0
    REPEAT = 1
    GAP = 2


class Recovery:
    """Remembers which trials are run again, and tells repeated and missing reports apart by their resource levels."""

    def __init__(self, history: HistoryView) -> None:
        self._history = history
        self._suspect: set[int] = set()
        self._from_nothing: set[int] = set()
        self._attempts: Counter[int] = Counter()
        self._got_to: dict[int, int] = {}

    def suspect(self, trial: Trial) -> None:
        """What the trial reports next may repeat, or skip, what was reported before."""
        self._suspect.add(trial.trial_id)

    def may_retry(self, trial: Trial, event: Exited) -> bool:
        if event.failure is not Failure.INFRASTRUCTURE:
            return False
        if len(trial.results) > self._got_to.get(trial.trial_id, 0):
            self._got_to[trial.trial_id] = len(trial.results)
            self._attempts[trial.trial_id] = 0
        if self._attempts[trial.trial_id] >= RETRIES:
            return False
        self._attempts[trial.trial_id] += 1
        self.suspect(trial)
        return True

    def judge(self, trial: Trial, metrics: Mapping[str, Any]) -> Verdict:
        if trial.trial_id not in self._suspect:
            return Verdict.NEW
        try:
            level = self._history.problem.resource(metrics)
        except MissingMetric:
            return Verdict.NEW
        if level is not None and level <= trial.reached:
            return Verdict.REPEAT
        self._suspect.discard(trial.trial_id)
        if level is None or level <= trial.reached + self._spacing() or trial.trial_id in self._from_nothing:
            self._from_nothing.discard(trial.trial_id)
            return Verdict.NEW
        self._start_from_nothing(trial)
        return Verdict.GAP

    def ended_behind(self, trial: Trial) -> bool:
        """Whether the leg ended well without all that it should have reported: its checkpoint was ahead of that."""
        if trial.trial_id not in self._suspect or trial.trial_id in self._from_nothing:
            return False
        due = trial.until or self._history.problem.max_resource
        if trial.results and (due is None or trial.reached >= due):
            return False
        self._start_from_nothing(trial)
        return True

    def _start_from_nothing(self, trial: Trial) -> None:
        self._from_nothing.add(trial.trial_id)
        self.suspect(trial)

    def _spacing(self) -> int:
        """Levels between two reports: the lowest that any trial reported."""
        levels = [trial.results[0].resource for trial in self._history.trials.values() if trial.results]
        return min((level for level in levels if level), default=1)
