"""First in, first out: no trial is ended early."""

from __future__ import annotations

from harness.core.decisions import CONTINUE, Decision, Start
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Trial
from harness.options import Options


class FifoOptions(Options):
    """Fifo has no arguments."""


class Fifo:
    """A free worker starts a new trial, which ends by itself."""

    def __init__(self, context: Context, options: FifoOptions) -> None:
        pass

    @staticmethod
    def levels(options: FifoOptions, problem: Problem) -> tuple[int, ...]:
        return ()

    def next(self, history: HistoryView) -> Start:
        return Start()

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        return CONTINUE
