"""An experiment in a list: schedulers and searchers are driven without processes, files or time.

The world is drawn from a seed of its own: which running trial reports next, how good it is, which reports are NaN,
which trials fail. All answers of the plug-ins are noted. Now and then the same question is put to a fresh instance
that sees the whole history at once, and has to be answered alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.core.decisions import Action, Decision, Done, Resume, Start, Wait
from harness.core.domains import choice, loguniform, randint, uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context, Scheduler, Searcher
from harness.core.seeds import rng
from harness.core.space import Space
from harness.core.trial import Result, Status, Trial

SPACE = Space(
    {"lr": loguniform(1e-4, 1.0), "width": randint(1, 64), "drop": uniform(0.0, 0.9), "kind": choice(["a", "b", "c"])}
)
PROBLEM = Problem(SPACE, "acc", "max", "epoch", max_resource=9, elapsed_time_attr="seconds", constraint_attr="excess")


def context_of(problem: Problem = PROBLEM, *, seed: int = 0, workers: int = 1, levels: tuple[int, ...] = ()) -> Context:
    return Context(problem, seed, workers, levels)


@dataclass
class World:
    """Chances that a report is NaN, that the trial fails after it, that it skips a level, that a curve ends early.

    `ties`: values are so coarse that many are equal. `noise`: how far curves leave their smooth course.
    """

    seed: int = 0
    nan: float = 0.0
    fail: float = 0.0
    skip: float = 0.0
    ragged: float = 0.0
    ties: bool = False
    noise: float = 0.02

    def curve(self, trial_id: int, resource: int) -> float:
        draw = rng(self.seed, "curve", trial_id * 1000 + resource)
        if draw.random() < self.nan:
            return math.nan
        level, slope = rng(self.seed, "trial", trial_id).random(2)
        value = float(level + slope * math.log(resource) + self.noise * draw.random())
        return round(value * 4) / 4 if self.ties else round(value, 2)  # ties occur either way

    def length(self, trial_id: int, top: int) -> int:
        """Level at which the trial's curve ends."""
        draw = rng(self.seed, "length", trial_id)
        return int(draw.integers(1, top + 1)) if draw.random() < self.ragged else top


@dataclass
class Play:
    """Plays an experiment; `fresh_every` n puts every n-th question to fresh instances as well."""

    make_scheduler: Callable[[], Scheduler]
    make_searcher: Callable[[], Searcher]
    problem: Problem = PROBLEM
    workers: int = 4
    world: World = field(default_factory=World)
    fresh_every: int = 0
    answers: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.history = History(self.problem)
        self.scheduler, self.searcher = self.make_scheduler(), self.make_searcher()
        self._random = rng(self.world.seed, "world")

    def run(self, reports: int) -> Play:
        """Goes on until there are so many reports, or until nothing is left to run."""
        while len(self.history.results) < reports:
            self._fill()
            running = self.history.running()
            if not running:
                return self
            self._advance(running[int(self._random.integers(len(running)))])
        return self

    def _asked(self, question: Callable[[Any], Any], known: Any, make: Callable[[], Any]) -> Any:
        answer = question(known)
        self.answers.append(answer)
        if self.fresh_every and len(self.answers) % self.fresh_every == 0:
            fresh = question(make())
            assert fresh == answer, f"a fresh instance answers {fresh}, the old one {answer}"
        return answer

    def _fill(self) -> None:
        while len(self.history.running()) < self.workers:
            match self._asked(lambda it: it.next(self.history), self.scheduler, self.make_scheduler):
                case Start() as start if not self.history.exhausted:
                    self._start(start)
                case Resume() as resume:
                    reached = self.history.trials[resume.trial_id].reached
                    self.history.resume(resume.trial_id, until=resume.until, milestone=resume.milestone)
                    assert resume.until is None or resume.until > reached, "a leg goes nowhere"
                case Start() | Wait() | Done():
                    return

    def _start(self, start: Start) -> None:
        trial_id, resource = len(self.history.trials), start.milestone
        config = self._asked(
            lambda it: it.suggest(self.history, trial_id=trial_id, resource=resource), self.searcher, self.make_searcher
        )
        if config is None:
            self.history.exhausted = True
        else:
            self.history.start(config, until=start.until, bracket=start.bracket, milestone=start.milestone)

    def _advance(self, trial: Trial) -> None:
        top = self.problem.max_resource or 1
        length = self.world.length(trial.trial_id, top)
        if trial.reached >= length:  # resumed, and there is nothing left to do
            self.history.end(trial.trial_id, Status.COMPLETED)
            return
        resource = min(length, trial.reached + (2 if self._random.random() < self.world.skip else 1))
        value = self.world.curve(trial.trial_id, resource)
        metrics = {self.problem.metric: value, self.problem.resource_attr or "epoch": resource}
        if self.problem.elapsed_time_attr is not None:
            pace = 1 + rng(self.world.seed, "pace", trial.trial_id).integers(5)
            metrics[self.problem.elapsed_time_attr] = float(pace * resource)
        if self.problem.constraint_attr is not None:
            metrics[self.problem.constraint_attr] = float(rng(self.world.seed, "excess", trial.trial_id).normal())
        result = self.history.report(trial.trial_id, metrics, at=float(len(self.history.results)))
        decision = self._judge(trial, result)
        if decision.action is Action.PAUSE:
            self.history.end(trial.trial_id, Status.PAUSED)
        elif resource == top:
            self.history.end(trial.trial_id, Status.COMPLETED)
        elif decision.action is Action.STOP:
            self.history.end(trial.trial_id, Status.STOPPED)
        elif resource >= length:
            self.history.end(trial.trial_id, Status.COMPLETED)
        elif self._random.random() < self.world.fail:
            self.history.end(trial.trial_id, Status.FAILED)

    def _judge(self, trial: Trial, result: Result) -> Decision:
        decision: Decision = self._asked(
            lambda it: it.judge(self.history, trial, result), self.scheduler, self.make_scheduler
        )
        if decision.action is Action.CONTINUE:
            assert trial.until is None or (result.resource or 0) < trial.until, "a leg goes on past its end"
        if decision.milestone is not None:
            self.history.set_milestone(trial.trial_id, decision.milestone)
        return decision


def first_answers(scheduler, values):
    """The scheduler's answers to one first report of each trial."""
    history, answers = History(PROBLEM), []
    for trial_id, value in enumerate(values):
        trial = history.start(SPACE.midpoint(), until=None, bracket=0, milestone=None)
        result = history.report(trial_id, {"acc": value, "epoch": 1, "excess": 0.0}, float(trial_id))
        answers.append(scheduler.judge(history, trial, result).action)
    return answers
