"""Trials played back from a table, in virtual time.

Workers run side by side: a trial's reports come as long after its start as the table says. The clock jumps from
event to event, and nothing that is measured enters it (unless it is asked for), so that one seed gives the same
experiment on any machine.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.benchmark import Benchmark
from harness.blackbox.opening import open_blackbox
from harness.blackbox.tables import Blackbox, Curve
from harness.core.clock import VirtualClock
from harness.core.events import Event, Exited, Reported
from harness.core.problem import Problem
from harness.core.seeds import rng
from harness.core.trial import Trial
from harness.errors import UsageError
from harness.jobdir import JobDir
from harness.options import Options, arg


class SimulatedOptions(Options):
    """What counts as time."""

    simulate_decision_time: bool = arg(
        False,
        "the time that the searcher really takes for a suggestion passes on the virtual clock too; two runs of one "
        "seed then differ",
    )


@dataclass(slots=True)
class _Leg:
    """Attributes:
    zero: virtual time at which the trial would have started, had it run to here without a pause.
    position: row of the curve that is reported next.
    end: row before which the leg ends.
    """

    trial_id: int
    number: int
    curve: Curve
    zero: float
    position: int
    end: int

    def due(self) -> float:
        """When the next report comes, or the exit, right after the last one."""
        if self.position < self.end:
            return self.zero + self.curve.seconds[self.position]
        return self.zero + (self.curve.seconds[self.position - 1] if self.position else 0.0)


class SimulatedBackend:
    """Plays the curves of a blackbox.

    A leg ends with the first row at or above the level that it is told to run to, or where the rows end. A resumed
    trial goes on after its last report and takes the additional time only. Of events of one instant, those of the
    leg that started first come first.

    Args:
        seed: root of the draws among several trainings of one configuration.
        decision_time: the clock counts the time that suggestions take.
    """

    def __init__(self, blackbox: Blackbox, problem: Problem, seed: int, *, decision_time: bool = False) -> None:
        self.clock = VirtualClock(counts_decisions=decision_time)
        self._blackbox = blackbox
        self._top = math.inf if problem.max_resource is None else problem.max_resource
        self._seed = seed
        self._legs: dict[int, _Leg] = {}
        self._paused: dict[int, _Leg] = {}
        self._queue: list[tuple[float, int, _Leg]] = []
        self._started = 0

    @staticmethod
    def for_job(
        benchmark: Benchmark, job: JobDir, options: SimulatedOptions, data: Mapping[str, Path], seed: int
    ) -> SimulatedBackend:
        """The back-end of a job; see `Backend`. UsageError where the table does not hold what it should."""
        if benchmark.table is None:
            raise UsageError("the back-end simulated needs a benchmark with a table")
        blackbox = open_blackbox(benchmark.table)
        decision_time = options.simulate_decision_time
        return SimulatedBackend(blackbox, benchmark.problem, seed, decision_time=decision_time)

    def start(self, trial: Trial, until: int | None) -> None:
        if trial.trial_id in self._legs:
            raise ValueError(f"trial {trial.trial_id} is running already")
        before = self._paused.pop(trial.trial_id, None)
        curve = before.curve if before else self._curve(trial)
        position = before.position if before else 0
        spent = curve.seconds[position - 1] if position else 0.0
        end = bisect_right(curve.levels, self._top)
        if until is not None:
            end = min(end, bisect_left(curve.levels, until) + 1)
        leg = _Leg(trial.trial_id, trial.leg, curve, self.clock.now() - spent, position, max(end, position))
        self._legs[trial.trial_id] = leg
        self._started += 1
        heapq.heappush(self._queue, (leg.due(), self._started, leg))

    def halt(self, trial: Trial, *, keep_checkpoint: bool) -> None:
        leg = self._legs.pop(trial.trial_id, None)
        if not keep_checkpoint:
            self._paused.pop(trial.trial_id, None)
        elif leg is not None:
            self._paused[trial.trial_id] = leg

    def wait(self, timeout: float | None) -> Sequence[Event]:
        """The next event, at which the clock then stands; none where that lies beyond the timeout.

        One at a time, so that the worker that it frees is put to use before anything else happens.
        """
        queue, legs, clock = self._queue, self._legs, self.clock
        while queue and legs.get(queue[0][2].trial_id) is not queue[0][2]:
            heapq.heappop(queue)  # halted
        deadline = math.inf if timeout is None else clock.now() + timeout
        if not queue or queue[0][0] > deadline:
            if deadline < math.inf:
                clock.advance_to(deadline)
            return ()
        due, order, leg = queue[0]
        clock.advance_to(due)
        if leg.position == leg.end:
            heapq.heappop(queue)
            del legs[leg.trial_id]
            return (Exited(leg.trial_id, leg.number, clock.now(), 0),)
        report = leg.curve.report(leg.position)
        leg.position += 1
        heapq.heapreplace(queue, (leg.due(), order, leg))
        return (Reported(leg.trial_id, leg.number, report, clock.now()),)

    def close(self) -> None:
        self._legs.clear()
        self._queue.clear()

    def _curve(self, trial: Trial) -> Curve:
        return self._blackbox.play(
            trial.config, lambda count: int(rng(self._seed, "table", trial.trial_id).integers(count))
        )
