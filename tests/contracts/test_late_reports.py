"""Training that goes on for a while after it was halted: what it still reports must not reach any scheduler."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.core.clock import VirtualClock
from harness.core.decisions import Action, Decision
from harness.core.events import Event, Exited, Reported
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.trial import Result, Status, Trial
from harness.plugins import SCHEDULERS
from harness.searchers.random import RandomOptions, RandomSearcher
from harness.tuner.loop import Tuner
from harness.tuner.stopping import StoppingCriterion
from tests.fakes.play import SPACE, World, context_of

TOP = 9
PROBLEM = Problem(SPACE, "acc", "max", "epoch", max_resource=TOP, elapsed_time_attr="seconds")


class Deaf:
    """A back-end that hands over all reports of a leg at once, up to the maximum, whether it was halted or not."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self._world = World(seed=12)
        self._events: list[Event] = []

    def start(self, trial: Trial, until: int | None) -> None:
        for epoch in range(trial.reached + 1, TOP + 1):
            report = {"acc": self._world.curve(trial.trial_id, epoch), "epoch": epoch, "seconds": float(epoch)}
            self._events.append(Reported(trial.trial_id, trial.leg, report, self.clock.now()))
        self._events.append(Exited(trial.trial_id, trial.leg, self.clock.now(), 0))

    def halt(self, trial: Trial, *, keep_checkpoint: bool) -> None:
        pass

    def wait(self, timeout: float | None) -> Sequence[Event]:
        self.clock.advance_to(self.clock.now() + 1.0)
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        pass


class Watch:
    """Listener that fails where a leg reports after its end."""

    def __init__(self) -> None:
        self.over: set[tuple[int, int]] = set()
        self.reports = 0

    def started(self, trial: Trial, at: float, suggest_seconds: float) -> None:
        pass

    def resumed(self, trial: Trial, at: float, decision: object) -> None:
        assert (trial.trial_id, trial.leg - 1) in self.over, "resumed what had not been paused"

    def reported(self, trial: Trial, result: Result, decision: Decision) -> None:
        assert (trial.trial_id, result.leg) not in self.over, "a report after the end of its leg"
        self.reports += 1
        if decision.action is not Action.CONTINUE:
            self.over.add((trial.trial_id, result.leg))

    def ended(self, trial: Trial, at: float, reason: str, exit_code: int | None, tail: str) -> None:
        self.over.add((trial.trial_id, trial.leg))

    def tick(self, at: float) -> None:
        pass


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_nothing_is_heard_of_a_leg_after_its_end(name: str, workers: int) -> None:
    plugin = SCHEDULERS[name]
    options, history, watch = plugin.load_options()(), History(PROBLEM), Watch()
    context = context_of(PROBLEM, workers=workers, levels=plugin.load().levels(options, PROBLEM))
    Tuner(
        history=history,
        scheduler=plugin.load()(context, options),
        searcher=RandomSearcher(context, RandomOptions()),
        backend=Deaf(),
        stopping=StoppingCriterion(timeout=60.0),
        num_workers=workers,
        listeners=[watch],
    ).run()
    assert watch.reports == len(history.results) > 60
    by_level = {(result.trial_id, result.resource) for result in history.results}
    assert len(by_level) == len(history.results), "a level was reported twice"
    assert not history.running() and history.count(Status.FAILED) == 0
