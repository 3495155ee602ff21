"""Ask and tell: the schedulers and searchers for those who bring their own loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, get_args

from harness import plugins
from harness.core.decisions import Action, Resume, Start
from harness.core.history import History
from harness.core.points import complete_points
from harness.core.problem import Mode, Problem
from harness.core.protocols import Context, Recommending
from harness.core.space import Config, Space
from harness.core.trial import Status, Trial
from harness.errors import UsageError
from harness.options import Options, validate
from harness.plan.resolve import check_needs, check_pair
from harness.registry import Plugin, did_you_mean, lookup


@dataclass(frozen=True)
class Asked:
    """A trial to run.

    Attributes:
        config: hyper-parameters and constants.
        until: resource level to run to, None where there is no resource. A trial that was paused comes again under its
            id, to go on from where it was to the new level.
    """

    trial_id: int
    config: Config
    until: int | None


class AskTell:
    """Suggests trials and learns from what they report; several may be out at once.

    Args:
        space: name -> domain (`uniform`, `choice`, ...) or constant.
        metric, mode: what is told, and whether to make it small ("min") or large ("max").
        scheduler, searcher: names of plug-ins, as on the command line.
        seed: root of all random draws.
        resource: name of the reported resource (e.g. "epoch"), for multi-fidelity schedulers.
        max_resource: highest resource level of a trial.
        num_workers: trials that are out at once; model-based searchers start with two more at random.
        points_to_evaluate: configurations of the first trials; what one lacks is the middle of its range. By default
            one empty mapping, the mid-point of the space.
        cost: name of the reported cost of a trial since its start, for `bayesopt_cost` and its like.
        constraint: name of a reported value that is at most 0 where a configuration is feasible, for
            `bayesopt_constrained`; what is not feasible is never `best()`.
        metrics: names of several reported values with their directions, for `mo_asha`; `best()` goes by `metric`.
        options: arguments of scheduler and searcher, as on the command line.

    Raises UsageError for unknown names and wrong options.
    """

    def __init__(
        self,
        space: Mapping[str, Any],
        metric: str = "loss",
        mode: Mode = "min",
        scheduler: str = "fifo",
        searcher: str = "bayesopt",
        seed: int = 0,
        resource: str | None = None,
        max_resource: int | None = None,
        num_workers: int = 1,
        points_to_evaluate: Iterable[Mapping[str, Any]] | None = None,
        cost: str | None = None,
        constraint: str | None = None,
        metrics: Mapping[str, Mode] | None = None,
        **options: Any,
    ) -> None:
        _check_directions(metric, mode, metrics or {})
        _check_number("num_workers", num_workers)
        if max_resource is not None:
            _check_number("max_resource", max_resource)
        problem = Problem(
            Space(space),
            metric,
            mode,
            resource_attr=resource,
            max_resource=max_resource,
            cost_attr=cost,
            constraint_attr=constraint,
            metrics=dict(metrics or {}),
        )
        scheduling = lookup("scheduler", scheduler, plugins.SCHEDULERS)
        chosen = (scheduling, plugins.searcher_of(scheduling, searcher))
        names = {"scheduler": scheduler, "searcher": searcher}
        faults = check_pair(names, dict(zip(names, chosen, strict=True)))
        if faults:
            raise UsageError(faults)
        check_needs(searcher, chosen[1], problem)
        schedules, searches = _options(chosen, options)
        scheduler_class = chosen[0].load()
        context = Context(
            problem,
            seed,
            num_workers,
            scheduler_class.levels(schedules, problem),
            _points(points_to_evaluate, problem.space),
        )
        self._history = History(problem)
        self._scheduler = scheduler_class(context, schedules)
        self._searcher = chosen[1].load()(context, searches)

    def ask(self) -> Asked | None:
        """The next trial to run; None where there is none before another one is told, or ever (space used up)."""
        trial = self._next()
        if trial is None:
            return None
        problem = self._history.problem
        until = trial.until if trial.until is not None else problem.max_resource
        return Asked(trial.trial_id, {**trial.config, **problem.space.constants}, until)

    def _next(self) -> Trial | None:
        history = self._history
        decision = self._scheduler.next(history)
        match decision:
            case Start() if not history.exhausted:
                level = decision.milestone if decision.milestone is not None else decision.until
                config = self._searcher.suggest(history, trial_id=len(history.trials), resource=level)
                if config is not None:
                    return history.start(
                        config, until=decision.until, bracket=decision.bracket, milestone=decision.milestone
                    )
                history.exhausted = True
                return self._next()  # there may be paused trials to go on with
            case Resume():
                return history.resume(decision.trial_id, until=decision.until, milestone=decision.milestone)
            case _:
                return None

    def tell(self, asked: Asked, metrics: Mapping[str, Any]) -> str:
        """Report a result; returns "CONTINUE", "PAUSE" or "STOP": what the trial is to do.

        Without a resource a result is final. KeyError where the metric (or the resource) is missing, ValueError where
        the trial is not out.
        """
        trial = self._running(asked)
        result = self._history.report(trial.trial_id, metrics, at=float(len(self._history.results)))
        decision = self._scheduler.judge(self._history, trial, result)
        if decision.milestone is not None:
            self._history.set_milestone(trial.trial_id, decision.milestone)
        top = self._history.problem.max_resource
        final = result.resource is None or (top is not None and result.resource >= top)
        if final:
            self._history.end(trial.trial_id, Status.COMPLETED)
            return Action.STOP.value
        if decision.action is not Action.CONTINUE:
            paused = decision.action is Action.PAUSE
            self._history.end(trial.trial_id, Status.PAUSED if paused else Status.STOPPED)
        return str(decision.action.value)

    def fail(self, asked: Asked) -> None:
        """The trial broke: it counts as worst, and is not asked for again. ValueError where it is not out."""
        self._history.end(self._running(asked).trial_id, Status.FAILED)

    def best(self) -> tuple[Config, float] | None:
        """Configuration and value of the best result so far; None before any."""
        best, problem = self._history.best(), self._history.problem
        if best is None:
            return None
        config = self._history.trials[best.trial_id].config
        return {**config, **problem.space.constants}, problem.value(best.loss)

    def recommended(self) -> Config | None:
        """Configuration of the trial that the searcher's model holds for the best: of noisy results the best one is
        partly luck. That of `best()` where there is no model, or a constraint to keep."""
        problem = self._history.problem
        if isinstance(self._searcher, Recommending) and problem.constraint_attr is None:
            trial_id = self._searcher.recommend(self._history)
            if trial_id is not None:
                return {**self._history.trials[trial_id].config, **problem.space.constants}
        best = self.best()
        return None if best is None else best[0]

    def _running(self, asked: Asked) -> Trial:
        trial = self._history.trials.get(asked.trial_id)
        if trial is None or trial.status is not Status.IN_PROGRESS:
            state = "unknown" if trial is None else trial.status.value
            raise ValueError(f"trial {asked.trial_id} is not out: it is {state}")
        return trial


def _check_directions(metric: str, mode: str, metrics: Mapping[str, str]) -> None:
    if not isinstance(metrics, Mapping):
        raise UsageError(f"metrics is {metrics!r}; it takes a mapping of names to directions")
    for name, direction in [(metric, mode), *metrics.items()]:
        if direction not in get_args(Mode):
            raise UsageError(f"mode of {name!r} is {direction!r}; it takes: {', '.join(get_args(Mode))}")
    if metrics.get(metric, mode) != mode:
        raise UsageError(f"mode of {metric!r} is {mode!r}, but {metrics[metric]!r} in metrics")


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise UsageError(f"{name} is {value!r}; it takes a whole number from 1 on")


def _points(given: Iterable[Mapping[str, Any]] | None, space: Space) -> tuple[Config, ...] | None:
    if given is None:
        return None
    listed = isinstance(given, Iterable) and not isinstance(given, (str, Mapping))
    points = list(given) if listed else []
    if not listed or not all(isinstance(point, Mapping) for point in points):
        raise UsageError(f"points_to_evaluate is {given!r}; it takes a list of mappings")
    try:
        return complete_points(points, space)
    except ValueError as error:
        raise UsageError(f"points_to_evaluate: {error}") from None


def _options(chosen: tuple[Plugin, Plugin], given: Mapping[str, Any]) -> tuple[Options, Options]:
    """Options of scheduler and searcher. UsageError for a name that neither has, or a wrong value."""
    models = [plugin.load_options() for plugin in chosen]
    known = [name for model in models for name in model.model_fields]
    problems = [f"unknown option '{name}'{did_you_mean(name, known)}" for name in given if name not in known]
    built: list[Any] = []
    for model in models:
        own = {name: value for name, value in given.items() if name in model.model_fields}
        options, faults = validate(model, own)
        problems += faults
        built.append(options)
    if problems:
        raise UsageError(problems)
    return built[0], built[1]
