"""Asynchronous successive halving for several objectives."""

from __future__ import annotations

from harness.core.decisions import CONTINUE, Action, Decision, Grounds, Start
from harness.core.history import HistoryView
from harness.core.problem import Mode, Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Trial
from harness.errors import UsageError
from harness.options import arg
from harness.registry import did_you_mean
from harness.schedulers.hyperband import HyperbandOptions, brackets_of, rungs_of
from harness.schedulers.pareto import Ranking
from harness.schedulers.reasons import finite, the_end
from harness.schedulers.rungs import Rung, decides, places


class MoAshaOptions(HyperbandOptions):
    """Rungs, brackets and what is traded off."""

    objectives: str | None = arg(
        None,
        'reported values to trade off, like "accuracy elapsed_time"; without it all metrics that the benchmark names, '
        "where it is only one with the elapsed time",
    )


class MoAsha:
    """ASHA, stopping variant, where trials are ranked by non-dominated sorting, and within a front by an ε-net.

    R. Schmucker et al., arXiv:2106.12639, Section 3 (with the decision taken at once, as in `hyperband_stopping`).
    A trial goes on if its rank is among the best 1/η of those at the rung; with fewer than η there, every trial does.
    """

    def __init__(self, context: Context, options: MoAshaOptions) -> None:
        self._problem = context.problem
        self._seed = context.seed
        self._max_resource = context.problem.max_resource or 0
        self._objectives = self.objectives(options, context.problem)
        self._brackets = brackets_of(options, context.problem)
        # Cache of what the entries read so far say, by (group, level).
        self._rankings: dict[tuple[int, int], Ranking] = {}

    @staticmethod
    def levels(options: MoAshaOptions, problem: Problem) -> tuple[int, ...]:
        """Levels of all rungs, ascending; the maximum resource is none. UsageError also as of `objectives`."""
        levels = tuple(rung.level for rung in rungs_of(options, problem))
        MoAsha.objectives(options, problem)
        return levels

    @staticmethod
    def objectives(options: MoAshaOptions, problem: Problem) -> dict[str, Mode]:
        """What is traded off. UsageError where that is fewer than two things, or not of the benchmark."""
        known = problem.objectives()
        if options.objectives is None:
            named = {problem.metric, *problem.metrics}
            chosen = [name for name in known if name in named or len(named) == 1]
        else:
            chosen = list(dict.fromkeys(options.objectives.replace(",", " ").split()))
        for name in chosen:
            if name not in known:
                allowed = ", ".join(known)
                raise UsageError(
                    f"objectives: unknown '{name}'{did_you_mean(name, known)}; the benchmark has {allowed}"
                )
        if len(chosen) < 2:
            raise UsageError(f"objectives: mo_asha needs two or more; the benchmark has {', '.join(known)}")
        return {name: known[name] for name in chosen}

    def next(self, history: HistoryView) -> Start:
        bracket = self._brackets.draw(self._seed, len(history.trials))
        return Start(bracket=bracket, milestone=self._brackets.first(bracket))

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        for rung, entry in self._brackets.read(history):
            self._ranking(history.trials[entry.trial_id].bracket, rung).add(
                self._problem.losses(entry.result.metrics, self._objectives)
            )
        entered = self._brackets.entered(trial.trial_id)
        resource = result.resource or 0
        if resource >= self._max_resource:
            return Decision(Action.STOP, reason=the_end(self._problem, resource))
        if entered is None:
            return CONTINUE
        return self._compare(trial, result, self._ranking(trial.bracket, entered), entered)

    def _compare(self, trial: Trial, result: Result, ranking: Ranking, rung: Rung) -> Decision:
        """What happens to the trial, whose result is the ranking's last row."""
        count, resource = len(ranking), result.resource or 0
        front, rank = ranking.place(count - 1)
        known = decides(count, rung.share)
        facts = Grounds(
            level=rung.level,
            value=finite(self._problem, result.loss),
            rank=rank,
            count=count,
            places=places(count, rung.share) if known else 0,
            bracket=self._brackets.compared(trial.bracket),
        )
        place = f"{self._problem.resource_attr} {resource}: front {front}, rank {rank} of {count}"
        if not known:
            few = f"{place}, too few to compare"
            return Decision(Action.CONTINUE, self._brackets.above(trial.bracket, resource), few, facts)
        reason = f"{place}, the best {facts.places} go on"
        if rank <= facts.places and ranking.finite(count - 1):
            return Decision(Action.CONTINUE, self._brackets.above(trial.bracket, resource), reason, facts)
        return Decision(Action.STOP, reason=reason, grounds=facts)

    def _ranking(self, bracket: int, rung: Rung) -> Ranking:
        key = self._brackets.group(bracket), rung.level
        return self._rankings.setdefault(key, Ranking(len(self._objectives)))
