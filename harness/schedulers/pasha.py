"""PASHA: successive halving that raises its maximum resource only while the ranking of trials still changes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Literal

from harness.core.decisions import Grounds
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.trial import Status
from harness.options import arg
from harness.schedulers.brackets import Entry
from harness.schedulers.hyperband import HyperbandOptions, RungOptions
from harness.schedulers.promotion import HyperbandPromotion
from harness.schedulers.ranking import Noise, mean_gap, median_gap, same_ranking, spread
from harness.schedulers.rungs import Rung, worst_last


class PashaOptions(RungOptions):
    """Rungs, and when two rankings count as the same."""

    pasha_ranking_criterion: Literal[
        "soft_ranking", "soft_ranking_auto", "soft_ranking_std", "soft_ranking_median_dst", "soft_ranking_mean_dst"
    ] = arg(
        "soft_ranking_auto",
        "trials may swap ranks within ε: auto, the noise of curves that cross, as in the paper; soft_ranking, "
        "pasha_epsilon; or pasha_epsilon_scaling times the standard deviation, median gap or mean gap of the values "
        "at a rung",
    )
    pasha_epsilon: float = arg(1.0, "ε of soft_ranking, in units of the metric", ge=0)
    pasha_epsilon_scaling: float = arg(1.0, "factor of the criteria that derive ε from values at a rung", ge=0)


class Pasha(HyperbandPromotion):
    """Promotion-type ASHA between the lowest rungs only, at first two of them.

    O. Bohdal et al., arXiv:2207.06940, Algorithm 1. Whenever a trial enters the present top rung, the order of the
    trials there is compared with their order one rung below; unless it is the same, the next rung (at last the
    maximum resource) becomes the top.

    The default of ε is the paper's own estimate. Syne Tune's launcher took a fixed ε = 1 by default, with which no
    metric between 0 and 1 ever gets beyond the second rung: `pasha_ranking_criterion` soft_ranking.
    """

    def __init__(self, context: Context, options: PashaOptions) -> None:
        shared = {name: getattr(options, name) for name in RungOptions.model_fields}
        super().__init__(context, HyperbandOptions(**shared))
        self._pasha = options
        self._ladder = self.levels(options, context.problem)
        # Caches of what the entries read so far say.
        self._top = 1
        self._noise = Noise()
        self._values: dict[int, dict[int, float]] = defaultdict(dict)

    def finished(self, history: HistoryView) -> int:
        """Trials that went as far as any does at present: completed, or paused at the top."""
        self._read(history)
        top = self._values[self._ladder[self._top]] if self._top < len(self._ladder) else {}
        paused = sum(history.trials[trial_id].status is Status.PAUSED for trial_id in top)
        return history.count(Status.COMPLETED) + paused

    def _in_use(self, rung: Rung) -> bool:
        return rung.level in self._ladder[: self._top]

    def _outlook(self, rung: Rung) -> str:
        return super()._outlook(rung) if self._in_use(rung) else "no trial goes beyond at present"

    def _grounds(self, rung: Rung, bracket: int, loss: float) -> Grounds:
        facts = super()._grounds(rung, bracket, loss)
        return facts if self._in_use(rung) else replace(facts, places=0, cutoff=None)

    def _read(self, history: HistoryView) -> None:
        for rung, entry in self._brackets.read(history):
            self._values[rung.level][entry.trial_id] = entry.loss
            if self._top < len(self._ladder) and rung.level == self._ladder[self._top]:
                self._compare(history, entry)

    def _compare(self, history: HistoryView, entry: Entry) -> None:
        """Raise the top if the order of trials at the top differs from that one rung below."""
        level = self._ladder[self._top]
        results = history.trials[entry.trial_id].results
        self._noise.add({it.resource or 0: worst_last(it.loss) for it in results if (it.resource or 0) <= level})
        below, above = self._values[self._ladder[self._top - 1]], self._values[level]
        if not same_ranking(below, above, self._epsilon(below, above)):
            self._top += 1
            self._noise = Noise()

    def _epsilon(self, below: dict[int, float], above: dict[int, float]) -> float:
        values = [below[trial_id] for trial_id in above if trial_id in below]
        scaling = self._pasha.pasha_epsilon_scaling
        match self._pasha.pasha_ranking_criterion:
            case "soft_ranking":
                return self._pasha.pasha_epsilon
            case "soft_ranking_auto":
                return self._noise.epsilon
            case "soft_ranking_std":
                return scaling * spread(values)
            case "soft_ranking_median_dst":
                return scaling * median_gap(values)
            case "soft_ranking_mean_dst":
                return scaling * mean_gap(values)
