"""When an experiment ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from harness.core.history import HistoryView
from harness.core.trial import Status

# So many trials that ended without one finite value of the metric show that none will come.
HOPELESS_TRIALS = 20


def completed(history: HistoryView) -> int:
    """Trials that have completed."""
    return history.count(Status.COMPLETED)


def any_finite(history: HistoryView) -> bool:
    """Whether any loss is finite, of a feasible configuration or not."""
    return any(math.isfinite(result.loss) for result in history.results)


@dataclass(frozen=True)
class StoppingCriterion:
    """Attributes:
    timeout: seconds; from then on no trial starts and running ones are stopped.
    num_trials: the experiment ends once this many trials have completed.
    finished: counts them; where a scheduler may end without any trial at the maximum resource, it says how many got
        as far as any does.
    max_failures: the experiment ends, as failed, once this many trials have failed.
    """

    timeout: float | None = None
    num_trials: int | None = None
    max_failures: int = 1
    finished: Callable[[HistoryView], int] = completed

    def failed(self, history: HistoryView) -> bool:
        return self.hopeless(history) or history.count(Status.FAILED) >= self.max_failures

    def hopeless(self, history: HistoryView) -> bool:
        """Whether so many trials ended without a finite loss that none will come.

        Without this, early stopping would go through worthless trials for ever: none of them completes.
        """
        if history.best() is not None or not history.results:
            return False
        ended = len(history.trials) - history.num_running
        return ended >= HOPELESS_TRIALS and not any_finite(history)

    def reached(self, history: HistoryView, now: float) -> str | None:
        """Why the experiment is over, None while it is not."""
        if self.hopeless(history):
            return f"{HOPELESS_TRIALS} trials ended and none reported a finite {history.problem.metric}"
        count = history.count(Status.FAILED)
        if count >= self.max_failures:
            return f"{count} trial{'s' if count > 1 else ''} failed (max_failures = {self.max_failures})"
        if self.timeout is not None and now >= self.timeout:
            return f"scheduler_timeout of {self.timeout:g} s reached"
        if self.num_trials is not None and self.finished(history) >= self.num_trials:
            further = "" if completed(history) >= self.num_trials else ", or got as far as the scheduler lets any"
            return f"{self.num_trials} trials completed{further}"
        return None

    def enough_running(self, history: HistoryView) -> bool:
        """Whether the trials under way, if all complete, make `num_trials`: another would be stopped for nothing."""
        if self.num_trials is None:
            return False
        return history.count(Status.COMPLETED) + history.count(Status.IN_PROGRESS) >= self.num_trials
