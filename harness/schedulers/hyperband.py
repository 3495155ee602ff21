"""Asynchronous successive halving and Hyperband, stopping variant."""

from __future__ import annotations

from typing import Self

from pydantic import field_validator, model_validator

from harness.core.decisions import CONTINUE, Action, Decision, Start
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Trial
from harness.errors import UsageError
from harness.options import Options, arg
from harness.schedulers.brackets import Brackets
from harness.schedulers.reasons import at, compared, grounds, the_end
from harness.schedulers.rungs import Rung, cut, explicit, geometric, parse_levels, passes


class RungOptions(Options):
    """Where trials are judged. Rungs lie at grace_period * reduction_factor^j, rounded, below the maximum resource."""

    grace_period: int = arg(1, "resource level of the lowest rung", ge=1)
    reduction_factor: float = arg(3.0, "one in so many trials goes on at a rung", ge=2)
    rung_levels: str | None = arg(
        None, 'levels of all rungs, like "1 3 9"; overrides grace_period and reduction_factor'
    )

    @field_validator("rung_levels")
    @classmethod
    def _ascending(cls, text: str | None) -> str | None:
        return None if text is None else " ".join(str(level) for level in parse_levels(text))


class HyperbandOptions(RungOptions):
    """Rungs and brackets."""

    brackets: int = arg(1, "number of brackets; each leaves out one more of the lowest rungs", ge=1)
    rung_system_per_bracket: bool = arg(False, "trials compete within their bracket only, as they do by default")
    no_rung_system_per_bracket: bool = arg(
        False, "trials of all brackets compete at a rung; the bracket of a trial only says which rung it meets first"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.rung_system_per_bracket and self.no_rung_system_per_bracket:
            raise ValueError("rung_system_per_bracket and no_rung_system_per_bracket exclude each other")
        return self


def rungs_of(options: RungOptions, problem: Problem) -> tuple[Rung, ...]:
    """Rungs of bracket 0. UsageError where the benchmark has no resource or a level is out of its reach."""
    if problem.resource_attr is None or problem.max_resource is None:
        raise UsageError("hyperband needs a benchmark that reports a resource (resource_attr, max_resource_level)")
    if options.rung_levels is None:
        if options.grace_period > problem.max_resource:
            raise UsageError(
                f"grace_period {options.grace_period} is above the maximum resource level {problem.max_resource}"
            )
        return geometric(options.grace_period, options.reduction_factor, problem.max_resource)
    levels = parse_levels(options.rung_levels)
    if levels[-1] > problem.max_resource:
        raise UsageError(f"rung level {levels[-1]} is above the maximum resource level {problem.max_resource}")
    return explicit(levels, problem.max_resource)


def brackets_of(options: HyperbandOptions, problem: Problem) -> Brackets:
    """Rungs of all brackets, without values. UsageError as of `rungs_of`."""
    rungs, shared = rungs_of(options, problem), options.no_rung_system_per_bracket
    return Brackets(rungs, options.brackets, problem.max_resource or 0, shared=shared)


class HyperbandStopping:
    """ASHA, stopping variant: a trial that enters a rung below the best 1/η there is stopped, else it goes on.

    L. Li et al., arXiv:1810.05934, with the decision taken at once for the trial that reports instead of promoting
    later (A. Klein et al., arXiv:2003.10865). With fewer than η values at
    a rung every trial goes on.
    """

    def __init__(self, context: Context, options: HyperbandOptions) -> None:
        self._problem = context.problem
        self._seed = context.seed
        self._max_resource = context.problem.max_resource or 0
        self._brackets = brackets_of(options, context.problem)

    @staticmethod
    def levels(options: HyperbandOptions, problem: Problem) -> tuple[int, ...]:
        """Levels of all rungs, ascending; the maximum resource is none."""
        return tuple(rung.level for rung in rungs_of(options, problem))

    def next(self, history: HistoryView) -> Start:
        bracket = self._brackets.draw(self._seed, len(history.trials))
        return Start(bracket=bracket, milestone=self._brackets.first(bracket))

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        self._brackets.read(history)
        rung = self._brackets.entered(trial.trial_id)
        resource = result.resource or 0
        if resource >= self._max_resource:
            return Decision(Action.STOP, reason=the_end(self._problem, resource))
        if rung is None:
            return CONTINUE
        losses = self._brackets.records(trial.bracket, rung.level).losses
        milestone = self._brackets.above(trial.bracket, resource)
        cutoff = cut(losses, rung.share)
        facts = grounds(self._problem, result.loss, rung, losses, cutoff, self._brackets.compared(trial.bracket))
        if cutoff is None:
            few = f"{at(self._problem, resource, result.loss)}, too few values to compare ({len(losses)})"
            return Decision(Action.CONTINUE, milestone, few, facts)
        reason = compared(self._problem, resource, result.loss, rung, len(losses), cutoff)
        if passes(result.loss, cutoff):
            return Decision(Action.CONTINUE, milestone, reason, facts)
        return Decision(Action.STOP, reason=reason, grounds=facts)
