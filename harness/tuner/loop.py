"""The tuning loop: asks scheduler and searcher, drives a back-end, writes the history. No sleep, no threads.

What happens is told to listeners (recorder, log, status) as it happens, so that they hold no part of the logic.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from harness.core.clock import Clock, RealClock
from harness.core.decisions import Action, Decision, Done, Resume, Start, Wait
from harness.core.events import Event, Exited, Reported
from harness.core.failures import Failure
from harness.core.history import History
from harness.core.problem import MissingMetric
from harness.core.protocols import Backend, Scheduler, Searcher
from harness.core.trial import Result, Status, Trial
from harness.errors import EnvironmentFault
from harness.tuner.recovery import Recovery, Verdict
from harness.tuner.stopping import StoppingCriterion, any_finite

logger = logging.getLogger("harness.tuner")


class Listener(Protocol):
    """What is told of an experiment as it goes; `at` in seconds since its start."""

    def started(self, trial: Trial, at: float, suggest_seconds: float) -> None: ...
    def resumed(self, trial: Trial, at: float, decision: Resume) -> None: ...
    def reported(self, trial: Trial, result: Result, decision: Decision) -> None: ...
    def retried(self, trial: Trial, at: float, reason: str, exit_code: int, tail: str) -> None: ...
    def ended(self, trial: Trial, at: float, reason: str, exit_code: int | None, tail: str) -> None: ...
    def tick(self, at: float) -> None:
        """Called about once a second of real time, while anything happens, for whoever watches from outside."""
        ...


@dataclass(frozen=True)
class Outcome:
    """How an experiment ended. `state`: "completed", "failed" (see max_failures) or "stopped" (from outside)."""

    state: str
    reason: str


class Tuner:
    """Runs one experiment to its end.

    Args:
        interruption: why to end from outside, None while there is no reason; asked at every turn.
        keep_checkpoints: leave those of completed trials, and of paused ones at the end, where they are.
        caps_starts: never start more trials than `num_trials` asks for; right where every trial runs to its end.
    """

    def __init__(
        self,
        *,
        history: History,
        scheduler: Scheduler,
        searcher: Searcher,
        backend: Backend,
        stopping: StoppingCriterion,
        num_workers: int,
        listeners: Sequence[Listener] = (),
        interruption: Callable[[], str | None] = lambda: None,
        caps_starts: bool = False,
        keep_checkpoints: bool = False,
    ) -> None:
        self._history = history
        self._scheduler = scheduler
        self._searcher = searcher
        self._backend = backend
        self._stopping = stopping
        self._num_workers = num_workers
        self._listeners = listeners
        self._caps_starts = caps_starts
        self._keep_checkpoints = keep_checkpoints
        self._interruption = interruption
        self._recovery = Recovery(history)
        # Those who watch live in real time, whatever the clock of the trials.
        self._watch = RealClock()
        self._next_tick = 0.0

    def run(self, undone: Mapping[int, Decision] = MappingProxyType({})) -> Outcome:
        """Blocks until the experiment is over; no trial runs then, whatever happens.

        An experiment that is stopped from outside leaves its trials in progress, so that it can go on later: with a
        history that was replayed, and the decisions of it that did not take effect yet.
        """
        try:
            self._go_on(undone)
            outcome = self._loop()
            if outcome.state == "stopped":
                for trial in self._history.running():
                    self._backend.halt(trial, keep_checkpoint=True)
            else:
                self._stop_running(outcome.reason)
                for trial in self._history.paused():  # nobody will promote them any more
                    self._backend.halt(trial, keep_checkpoint=self._keep_checkpoints)
            worthless = self._history.results and self._history.best() is None
            if worthless and not self._stopping.hopeless(self._history):  # whose reason says so
                return Outcome(outcome.state, f"{outcome.reason}; {self._lack()}")
            return outcome
        finally:
            self._backend.close()

    def _lack(self) -> str:
        """Why there is no best trial, though there are results."""
        problem = self._history.problem
        if any_finite(self._history):
            return f"no trial was feasible ({problem.constraint_attr} at most 0)"
        return f"no trial reported a finite {problem.metric}"

    def _go_on(self, undone: Mapping[int, Decision]) -> None:
        """Bring the trials of a replayed history to where they were."""
        for trial in self._history.trials.values():
            if trial.status in (Status.COMPLETED, Status.FAILED, Status.STOPPED) and not self._keeps(trial):
                self._backend.halt(trial, keep_checkpoint=False)
        for trial in self._history.paused():
            self._recovery.suspect(trial)
        for trial in self._history.running():
            if trial.trial_id in undone:
                self._carry_out(trial, trial.results[-1], undone[trial.trial_id])
            else:
                self._recovery.suspect(trial)
                self._backend.start(trial, trial.until)

    def _loop(self) -> Outcome:
        history, clock = self._history, self._backend.clock
        while True:
            reason = self._over(clock)
            if reason is not None:
                return reason
            may_start = self._fill_workers()
            if not may_start and not history.num_running:
                return Outcome(
                    "completed", "the search space is exhausted" if history.exhausted else "nothing left to run"
                )
            for event in self._backend.wait(self._patience(clock)):
                if self._over(clock) is not None:
                    break
                self._handle(event)
            self._tick(clock)

    def _over(self, clock: Clock) -> Outcome | None:
        interrupted = self._interruption()
        if interrupted is not None:
            return Outcome("stopped", interrupted)
        reason = self._stopping.reached(self._history, clock.now())
        if reason is None:
            return None
        return Outcome("failed" if self._stopping.failed(self._history) else "completed", reason)

    def _patience(self, clock: Clock) -> float:
        """Seconds that the back-end may block."""
        if self._stopping.timeout is None:
            return clock.tick
        return max(0.0, min(clock.tick, self._stopping.timeout - clock.now()))

    def _tick(self, clock: Clock) -> None:
        if self._watch.now() < self._next_tick:
            return
        self._next_tick = self._watch.now() + self._watch.tick
        for listener in self._listeners:
            listener.tick(clock.now())

    def _fill_workers(self) -> bool:
        """Start what can be started; whether anything may still be started later without an event of a trial."""
        history = self._history
        while history.num_running < self._num_workers:
            if self._caps_starts and self._stopping.enough_running(history):
                return False
            if self._over(self._backend.clock) is not None:
                return True
            decision = self._scheduler.next(history)
            match decision:
                case Start():
                    if history.exhausted:
                        return False
                    # Asked once more: there may be paused trials to go on with, now that no new one will come.
                    history.exhausted = not self._start(decision)
                case Resume():
                    self._resume(decision)
                case Wait() | Done():
                    return False
        return True

    def _start(self, decision: Start) -> bool:
        history, clock = self._history, self._backend.clock
        asked_at = clock.now()
        resource = decision.milestone if decision.milestone is not None else decision.until
        with clock.deciding():
            config = self._searcher.suggest(history, trial_id=len(history.trials), resource=resource)
        if config is None:
            return False
        now = clock.now()
        if self._stopping.reached(history, now) is not None:
            return True  # the time ran out while the searcher thought
        trial = history.start(config, until=decision.until, bracket=decision.bracket, milestone=decision.milestone)
        self._backend.start(trial, decision.until)
        for listener in self._listeners:
            listener.started(trial, now, now - asked_at)
        return True

    def _resume(self, decision: Resume) -> None:
        trial = self._history.resume(decision.trial_id, until=decision.until, milestone=decision.milestone)
        self._backend.start(trial, decision.until)
        for listener in self._listeners:
            listener.resumed(trial, self._backend.clock.now(), decision)

    def _handle(self, event: Event) -> None:
        trial = self._history.trials[event.trial_id]
        if event.leg != trial.leg or trial.status is not Status.IN_PROGRESS:
            return  # late: the leg was paused or stopped before this arrived
        if isinstance(event, Reported):
            self._report(trial, event)
        else:
            self._exit(trial, event)

    def _report(self, trial: Trial, event: Reported) -> None:
        verdict = self._recovery.judge(trial, event.metrics)
        if verdict is not Verdict.NEW:
            if verdict is Verdict.GAP:
                self._start_from_nothing(trial)
            return
        try:
            result = self._history.report(trial.trial_id, event.metrics, event.at)
        except MissingMetric as error:
            self._backend.halt(trial, keep_checkpoint=False)
            self._end(trial, Status.FAILED, event.at, str(error))
            return
        decision = self._scheduler.judge(self._history, trial, result)
        if decision.milestone is not None:
            self._history.set_milestone(trial.trial_id, decision.milestone)
        for listener in self._listeners:
            listener.reported(trial, result, decision)
        self._carry_out(trial, result, decision)

    def _start_from_nothing(self, trial: Trial) -> None:
        logger.info("trial %d: reports were lost, its checkpoint is ahead of them; it starts anew", trial.trial_id)
        self._backend.halt(trial, keep_checkpoint=False)
        self._backend.start(trial, trial.until)

    def _carry_out(self, trial: Trial, result: Result, decision: Decision) -> None:
        if decision.action is Action.PAUSE:
            self._backend.halt(trial, keep_checkpoint=True)
            self._end(trial, Status.PAUSED, result.at, decision.reason)
        elif decision.action is Action.STOP:
            status = self._stop_status(result)
            self._backend.halt(trial, keep_checkpoint=self._keep_checkpoints and status is Status.COMPLETED)
            self._end(trial, status, result.at, decision.reason)

    def _stop_status(self, result: Result) -> Status:
        """A trial that is stopped at the highest resource level has completed."""
        top = self._history.problem.max_resource
        at_top = top is not None and result.resource is not None and result.resource >= top
        return Status.COMPLETED if at_top else Status.STOPPED

    def _exit(self, trial: Trial, event: Exited) -> None:
        if event.exit_code != 0:
            cause = f"signal {-event.exit_code}" if event.exit_code < 0 else f"exit code {event.exit_code}"
            cause = f"{cause} ({event.failure})"
            if event.failure is Failure.DISK:
                self._retried(trial, event, cause)
                # No other trial would fare better, and this one goes on with the experiment once there is room.
                raise EnvironmentFault(f"trial {trial.trial_id}: {event.tail.splitlines()[-1]}", hint="make room")
            if self._recovery.may_retry(trial, event):
                self._retried(trial, event, cause)
                self._backend.start(trial, trial.until)
            else:
                self._end(trial, Status.FAILED, event.at, cause, event)
        elif self._recovery.ended_behind(trial):
            self._start_from_nothing(trial)
        elif not trial.results:  # a resumed leg without one had nothing left to do
            name = self._history.problem.metric
            self._end(trial, Status.FAILED, event.at, f"ended without a report of the metric '{name}'", event)
        else:
            self._end(trial, Status.COMPLETED, event.at, "", event)

    def _retried(self, trial: Trial, event: Exited, cause: str) -> None:
        for listener in self._listeners:
            listener.retried(trial, event.at, cause, event.exit_code, event.tail)

    def _end(self, trial: Trial, status: Status, at: float, reason: str, event: Exited | None = None) -> None:
        self._history.end(trial.trial_id, status)
        for listener in self._listeners:
            listener.ended(trial, at, reason, event.exit_code if event else None, event.tail if event else "")
        if event is not None and not self._keeps(trial):
            self._backend.halt(trial, keep_checkpoint=False)

    def _keeps(self, trial: Trial) -> bool:
        """Whether the checkpoint of a trial that is over is worth its room."""
        return self._keep_checkpoints and trial.status is Status.COMPLETED

    def _stop_running(self, reason: str) -> None:
        for trial in self._history.running():
            self._backend.halt(trial, keep_checkpoint=False)
            self._end(trial, Status.STOPPED, self._backend.clock.now(), reason)
