"""Asynchronous successive halving and Hyperband, promotion variant."""

from __future__ import annotations

from heapq import heappop, heappush

from harness.core.decisions import CONTINUE, Action, Decision, Grounds, Resume, Start
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Status, Trial
from harness.schedulers.brackets import Entry, Records
from harness.schedulers.hyperband import HyperbandOptions, RungOptions, brackets_of, rungs_of
from harness.schedulers.reasons import at, compared, grounds, the_end
from harness.schedulers.rungs import Rung, cut, passes


class HyperbandPromotion:
    """ASHA as in the paper: a trial pauses at every rung, and goes on once it is among the best 1/η there.

    L. Li et al., arXiv:1810.05934, Algorithm 2. A free worker takes the best paused trial of the highest rung that
    has one to promote, in any bracket; where there is none, it starts a new trial. The best 1/η are those up to the
    1/η-quantile, as in the stopping variant (the paper counts ⌊n/η⌋).
    """

    def __init__(self, context: Context, options: HyperbandOptions) -> None:
        self._problem = context.problem
        self._seed = context.seed
        self._max_resource = context.problem.max_resource or 0
        self._brackets = brackets_of(options, context.problem)
        groups = {self._brackets.group(bracket) for bracket in range(len(self._brackets.rungs))}
        rungs = [(rung, group) for group in groups for rung in self._brackets.rungs[group]]
        self._queues = [Queue(rung, bracket) for rung, bracket in sorted(rungs, key=lambda it: (-it[0].level, it[1]))]

    @staticmethod
    def levels(options: RungOptions, problem: Problem) -> tuple[int, ...]:
        """Levels of all rungs, ascending; the maximum resource is none."""
        return tuple(rung.level for rung in rungs_of(options, problem))

    def next(self, history: HistoryView) -> Start | Resume:
        self._read(history)
        for queue in self._queues:
            resume = self._promotion(history, queue) if self._in_use(queue.rung) else None
            if resume is not None:
                return resume
        bracket = self._brackets.draw(self._seed, len(history.trials))
        first = self._brackets.first(bracket)
        return Start(until=first, bracket=bracket, milestone=first)

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        self._read(history)
        rung = self._brackets.entered(trial.trial_id)
        resource = result.resource or 0
        if resource >= self._max_resource:
            return Decision(Action.STOP, reason=the_end(self._problem, resource))
        if rung is None:
            return CONTINUE
        return Decision(
            Action.PAUSE,
            reason=f"{at(self._problem, resource, result.loss)}, {self._outlook(rung)}",
            grounds=self._grounds(rung, trial.bracket, result.loss),
        )

    def _read(self, history: HistoryView) -> None:
        self._brackets.read(history)

    def _in_use(self, rung: Rung) -> bool:
        """Whether trials are promoted from this rung."""
        return True

    def _outlook(self, rung: Rung) -> str:
        """What a trial that pauses at the rung waits for."""
        return "waits to be among the best"

    def _grounds(self, rung: Rung, bracket: int, loss: float) -> Grounds:
        losses = self._brackets.records(bracket, rung.level).losses
        return grounds(self._problem, loss, rung, losses, cut(losses, rung.share), self._brackets.compared(bracket))

    def _promotion(self, history: HistoryView, queue: Queue) -> Resume | None:
        records = self._brackets.records(queue.bracket, queue.rung.level)
        cutoff = cut(records.losses, queue.rung.share)
        if cutoff is None:
            return None
        best = queue.best(history, records)
        if best is None or not passes(best.loss, cutoff):
            return None
        reached = history.trials[best.trial_id].reached
        until = self._brackets.above(queue.bracket, reached)
        reason = compared(self._problem, reached, best.loss, queue.rung, len(records.losses), cutoff)
        facts = self._grounds(queue.rung, queue.bracket, best.loss)
        return Resume(best.trial_id, until=until, milestone=until, reason=reason, grounds=facts)


class Queue:
    """Trials that wait at one rung of one bracket, best first: a cache of its records and of the trials' states."""

    def __init__(self, rung: Rung, bracket: int) -> None:
        self.rung = rung
        self.bracket = bracket
        self._heap: list[tuple[float, int, Entry]] = []
        self._read = 0

    def best(self, history: HistoryView, records: Records) -> Entry | None:
        """The best that is still paused here, the first of equals.

        A trial that is not paused in the leg of its entry never will be again: it went on, or it ended.
        """
        while self._read < len(records.entries):
            entry = records.entries[self._read]
            heappush(self._heap, (entry.loss, self._read, entry))
            self._read += 1
        while self._heap:
            entry = self._heap[0][2]
            trial = history.trials[entry.trial_id]
            if trial.status is Status.PAUSED and trial.leg == entry.result.leg:
                return entry
            heappop(self._heap)
        return None
