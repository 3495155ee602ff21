"""The harness's own scheduler and searcher, driven through the record that they read, as the tuning loop does it."""

from __future__ import annotations

from typing import Any

from bench.problems import Space as Specs
from harness import plugins
from harness.core.decisions import Action, Start
from harness.core.domains import Domain, choice, lograndint, loguniform, uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.space import Config, Space
from harness.core.trial import Status, Trial


def _domain(spec: Any) -> Domain:
    if spec[0] == "cat":
        return choice(spec[1])
    make: Any = {"float": uniform, "log": loguniform, "logint": lograndint}[spec[0]]
    domain: Domain = make(*spec[1:])
    return domain


class Ours:
    """Args:
    searcher, workers: as on the command line.
    observations: (configuration, value) of trials that have completed.
    random_start: the first trial is drawn at random as well, instead of being the mid-point.
    max_resource: trials report at levels up to it, and ASHA (stopping) judges them; without it they report once.
    """

    def __init__(
        self,
        space: Specs,
        seed: int,
        observations: list[tuple[Config, float]],
        workers: int = 1,
        searcher: str = "bayesopt",
        random_start: bool = False,
        max_resource: int | None = None,
    ) -> None:
        self._space = Space({name: _domain(spec) for name, spec in space.items()})
        resource = None if max_resource is None else "epoch"
        problem = Problem(self._space, "y", "min", resource_attr=resource, max_resource=max_resource)
        scheduler = plugins.SCHEDULERS["fifo" if max_resource is None else "hyperband_stopping"]
        scheduler_class, options = scheduler.load(), scheduler.load_options()()
        context = Context(problem, seed, workers, scheduler_class.levels(options, problem))
        self._history = History(problem)
        self._scheduler = scheduler_class(context, options)
        plugin = plugins.SEARCHERS[searcher]
        self._searcher = plugin.load()(context, plugin.load_options()())
        self._first = self._space.sample(rng(seed, "bench start", 0)) if random_start else None
        for config, value in observations:
            self.tell(self.start(config), value)

    def ask(self) -> tuple[int, Config]:
        decision = self._next()
        trial_id = len(self._history.trials)
        if trial_id == 0 and self._first is not None:
            return self._add(decision, self._first).trial_id, self._first
        level = decision.milestone if decision.milestone is not None else decision.until
        config = self._searcher.suggest(self._history, trial_id=trial_id, resource=level)
        if config is None:
            raise RuntimeError("nothing is left to suggest")
        return self._add(decision, config).trial_id, config

    def start(self, config: Config) -> int:
        """A trial of a given configuration."""
        return self._add(self._next(), config).trial_id

    def tell(self, token: int, value: float) -> None:
        """The trial's one result."""
        self._history.report(token, {"y": value}, at=float(len(self._history.results)))
        self._history.end(token, Status.COMPLETED)

    def recommend(self) -> Config | None:
        """Configuration of the trial that the searcher's model holds for the best."""
        trial_id = self._searcher.recommend(self._history)
        return None if trial_id is None else self._history.trials[trial_id].config

    def report(self, token: int, resource: int, value: float) -> bool:
        """A result at a resource level; whether the trial goes on."""
        history = self._history
        result = history.report(token, {"y": value, "epoch": resource}, at=float(len(history.results)))
        trial = history.trials[token]
        decision = self._scheduler.judge(history, trial, result)
        if decision.milestone is not None:
            history.set_milestone(token, decision.milestone)
        if resource == history.problem.max_resource:
            history.end(token, Status.COMPLETED)
            return False
        if decision.action is not Action.CONTINUE:
            history.end(token, Status.STOPPED)
        return decision.action is Action.CONTINUE

    def _next(self) -> Start:
        decision = self._scheduler.next(self._history)
        if not isinstance(decision, Start):
            raise RuntimeError(f"a new trial was expected, not {decision}")
        return decision

    def _add(self, decision: Start, config: Config) -> Trial:
        return self._history.start(config, until=decision.until, bracket=decision.bracket, milestone=decision.milestone)
