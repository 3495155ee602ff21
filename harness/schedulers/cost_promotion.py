"""Asynchronous successive halving, promotion variant, by what trials have cost instead of how many there are."""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict
from dataclasses import replace
from itertools import accumulate

from harness.core.decisions import Grounds, Resume
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.errors import UsageError
from harness.schedulers.hyperband import HyperbandOptions, RungOptions
from harness.schedulers.promotion import HyperbandPromotion, Queue
from harness.schedulers.reasons import at
from harness.schedulers.rungs import Rung

_SLACK = 1e-9  # sums are not exact in floating point


class CostPromotion(HyperbandPromotion):
    """A trial goes on from a rung if it and all better ones there took at most 1/η of what all there have cost.

    Syne Tune's "cost_promotion" (D. Salinas et al., AutoML 2022, gives the library, no paper the rule). With the trials
    of a rung in the order of their values, the best first, c_i the cost of the i-th up to the rung and N their
    number, those up to K = max{k : c_1 + ... + c_k <= (c_1 + ... + c_N) / η} are promoted. Cheap trials so make room
    for others, and a dear one has to wait until much has been spent beside it. The cost is the benchmark's
    `cost_attr`, else the elapsed time; one that is no positive number counts as 0.
    """

    def __init__(self, context: Context, options: HyperbandOptions) -> None:
        super().__init__(context, options)
        # Cache of what the entries read so far say: (loss, order, cost) by (group, level), in ascending order.
        self._costs: dict[tuple[int, int], list[tuple[float, int, float]]] = defaultdict(list)

    @staticmethod
    def levels(options: RungOptions, problem: Problem) -> tuple[int, ...]:
        """Levels of all rungs, ascending; the maximum resource is none. UsageError also where nothing says the cost."""
        levels = HyperbandPromotion.levels(options, problem)
        if problem.cost_name is None:
            raise UsageError("hyperband_cost_promotion needs a benchmark that reports cost_attr or elapsed_time_attr")
        return levels

    def _read(self, history: HistoryView) -> None:
        for rung, entry in self._brackets.read(history):
            group = self._brackets.group(history.trials[entry.trial_id].bracket)
            ranked = self._costs[group, rung.level]
            insort(ranked, (entry.loss, len(ranked), _positive(self._problem.cost(entry.result.metrics))))

    def _promotion(self, history: HistoryView, queue: Queue) -> Resume | None:
        best = queue.best(history, self._brackets.records(queue.bracket, queue.rung.level))
        if best is None or best.loss == math.inf:
            return None
        spent, budget = self._spent(queue.rung, queue.bracket)
        ranked = self._costs[queue.bracket, queue.rung.level]
        position = next(index for index, (_, order, _) in enumerate(ranked) if order == best.order)
        if spent[position] > budget:
            return None
        reached = history.trials[best.trial_id].reached
        until = self._brackets.above(queue.bracket, reached)
        share = f"{queue.rung.share:.0%} of all cost there, {budget:.4g}"
        reason = (
            f"{at(self._problem, reached, best.loss)}, {spent[position]:.4g} with all better ones is within {share}"
        )
        facts = self._grounds(queue.rung, queue.bracket, best.loss)
        return Resume(best.trial_id, until=until, milestone=until, reason=reason, grounds=facts)

    def _grounds(self, rung: Rung, bracket: int, loss: float) -> Grounds:
        spent, budget = self._spent(rung, bracket)
        by_value = super()._grounds(rung, bracket, loss)
        return replace(by_value, places=sum(cost <= budget for cost in spent), cutoff=None)

    def _spent(self, rung: Rung, bracket: int) -> tuple[list[float], float]:
        """c_1 + ... + c_k for all k, and the part of the last that may be spent on those that go on."""
        spent = list(accumulate(cost for _, _, cost in self._costs[self._brackets.group(bracket), rung.level]))
        return spent, spent[-1] * rung.share * (1 + _SLACK)


def _positive(cost: float) -> float:
    return cost if 0 < cost < math.inf else 0.0
