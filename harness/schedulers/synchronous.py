"""Hyperband as published: brackets of successive halving whose rungs are filled before any of their trials goes on."""

from __future__ import annotations

from bisect import bisect_left

from harness.core.decisions import CONTINUE, Action, Decision, Grounds, Resume, Start
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Trial
from harness.options import arg
from harness.schedulers.halving import Halving, Slots, ladder
from harness.schedulers.hyperband import RungOptions, rungs_of
from harness.schedulers.reasons import at, finite, the_end
from harness.schedulers.rungs import worst_last


class SynchronousOptions(RungOptions):
    """Rungs and brackets."""

    brackets: int | None = arg(
        None, "number of brackets, from the one with all rungs on, that take turns; without it as many as levels", ge=1
    )


class HyperbandSynchronous:
    """Hyperband: brackets from the most to the least aggressive, one after the other, again and again.

    L. Li et al., JMLR 18(185), 2018, arXiv:1603.06560, Algorithm 1. A bracket is one run of successive halving: its
    trials pause at each rung until all of the rung have got there, then the best ⌊n η^-i⌋ go on. Workers that a
    bracket has no work for begin the next one, so that none waits. `Trial.bracket` counts runs of successive
    halving, over all turns.
    """

    def __init__(self, context: Context, options: SynchronousOptions) -> None:
        self._problem = context.problem
        self._max_resource = context.problem.max_resource or 0
        rungs = rungs_of(options, context.problem)
        count = min(options.brackets or len(rungs) + 1, len(rungs) + 1)
        self._ladders = [ladder(rungs, bracket, self._max_resource) for bracket in range(count)]
        # Caches of what the first `_known` trials of the history say.
        self._runs: list[Halving] = []
        self._open: list[Halving] = []
        self._known = 0

    @staticmethod
    def levels(options: SynchronousOptions, problem: Problem) -> tuple[int, ...]:
        """Levels of all rungs, ascending; the maximum resource is none."""
        return tuple(rung.level for rung in rungs_of(options, problem))

    def next(self, history: HistoryView) -> Start | Resume:
        self._read(history)
        for run in self._open:
            trial_id = run.waiting(history)
            if trial_id is not None:
                return self._resume(history, run, trial_id)
            if run.has_room and not history.exhausted:
                return self._start(run.number, run.slots)
        number = len(self._runs)
        return self._start(number, self._ladders[number % len(self._ladders)][0])

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        resource = result.resource or 0
        if resource >= self._max_resource:
            return Decision(Action.STOP, reason=the_end(self._problem, resource))
        if trial.until is None or resource < trial.until:
            return CONTINUE
        self._note(history)
        run = self._runs[trial.bracket]
        losses, slots = run.losses_at(history, trial.until), run.slots_at(trial.until)
        facts = Grounds(
            level=trial.until,
            value=finite(self._problem, result.loss),
            rank=bisect_left(losses, worst_last(result.loss)) + 1,
            count=len(losses),
            places=0,
            bracket=trial.bracket,
        )
        reason = f"{at(self._problem, resource, result.loss)}, waits until all {slots.size} of the rung are there"
        return Decision(Action.PAUSE, reason=reason, grounds=facts)

    def _start(self, number: int, slots: Slots) -> Start:
        return Start(until=slots.level, bracket=number, milestone=slots.level)

    def _resume(self, history: HistoryView, run: Halving, trial_id: int) -> Resume:
        trial, losses = history.trials[trial_id], [loss for loss, _ in run.ranking]
        loss = worst_last(trial.results[-1].loss)
        last = losses[len(run.members) - 1]
        facts = Grounds(
            level=run.below.level,
            value=finite(self._problem, loss),
            rank=bisect_left(losses, loss) + 1,
            count=len(losses),
            places=len(run.members),
            cutoff=finite(self._problem, last),
            bracket=run.number,
        )
        cut = f"{self._problem.value(last):.4g}, the best {len(run.members)} of {len(losses)}"
        reason = f"{at(self._problem, trial.reached, loss)} is no worse than {cut}"
        level = run.slots.level
        return Resume(trial_id, until=level, milestone=level, reason=reason, grounds=facts)

    def _read(self, history: HistoryView) -> None:
        """Take note of what is new, and let runs whose rung is complete go on to the next."""
        self._note(history)
        for run in self._open:
            run.advance(history)
        self._open = [run for run in self._open if not run.done]

    def _note(self, history: HistoryView) -> None:
        for trial_id in range(self._known, len(history.trials)):
            number = history.trials[trial_id].bracket
            if number == len(self._runs):
                self._runs.append(Halving(number, self._ladders[number % len(self._ladders)]))
                self._open.append(self._runs[-1])
            self._runs[number].add(trial_id)
        self._known = len(history.trials)
