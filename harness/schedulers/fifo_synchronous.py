"""First in, first out, in batches."""

from __future__ import annotations

from harness.core.decisions import CONTINUE, Decision, Start, Wait
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Trial
from harness.schedulers.fifo import FifoOptions


class FifoSynchronous:
    """Trials start in batches of as many as there are workers, each once all trials of the one before have ended.

    For searchers that gain more from knowing all results of a batch than workers lose by waiting for its slowest.
    """

    def __init__(self, context: Context, options: FifoOptions) -> None:
        self._batch = context.num_workers

    @staticmethod
    def levels(options: FifoOptions, problem: Problem) -> tuple[int, ...]:
        return ()

    def next(self, history: HistoryView) -> Start | Wait:
        if len(history.trials) % self._batch == 0 and history.running():
            return Wait()
        return Start()

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        return CONTINUE
