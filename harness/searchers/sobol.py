"""Quasi-random search: points that fill the space evenly, unlike independent draws, which cluster and leave gaps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.core.domains import Domain, Integer, Value, values_of
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.space import Config
from harness.options import Options
from harness.searchers.initial import InitialDesign

if TYPE_CHECKING:
    from scipy.stats.qmc import Sobol


class SobolOptions(Options):
    """Quasi-random search has no arguments."""


class SobolSearcher:
    """Scrambled Sobol points, keyed by the seed.

    A. B. Owen: Scrambling Sobol' and Niederreiter-Xing points, Journal of Complexity 14, 1998. The first trials
    take the points that are given, by default the mid-point of the space, as with `random`; those after them the
    sequence. Where that rounds to the
    configuration of an earlier trial, the trial takes random search's draw instead.
    """

    def __init__(self, context: Context, options: SobolOptions) -> None:
        self._space = context.problem.space
        self._searched = [name for name, domain in self._space.hyperparameters.items() if domain.size != 1]
        self._seed = context.seed
        self._design = InitialDesign(context)
        self._sequence: Sobol | None = None

    def suggest(self, history: HistoryView, *, trial_id: int, resource: int | None) -> Config | None:
        first = len(self._design.points)
        if trial_id >= first and self._searched:
            config = self._point(trial_id - first)
            if not self._design.seen(history, config):
                return config
        return self._design.config(history, trial_id)

    def _point(self, index: int) -> Config:
        sequence = self._at(index)
        position = dict(zip(self._searched, sequence.random(1)[0], strict=True))
        domains = self._space.hyperparameters.items()
        return {
            name: at(domain, float(position[name])) if name in position else domain.midpoint()
            for name, domain in domains
        }

    def _at(self, index: int) -> Sobol:
        """The sequence, wound to number `index`."""
        if self._sequence is None:
            from scipy.stats.qmc import Sobol

            self._sequence = Sobol(len(self._searched), scramble=True, seed=rng(self._seed, "sobol"))
        if self._sequence.num_generated > index:
            self._sequence.reset()
        if self._sequence.num_generated < index:
            self._sequence.fast_forward(index - self._sequence.num_generated)
        return self._sequence


def at(domain: Domain, position: float) -> Value:
    """Value at a quantile in [0, 1) of the distribution that `Domain.sample` draws from."""
    if domain.size is None:
        return domain.decode(position)
    if isinstance(domain, Integer) and domain.log:
        low, high = math.log(domain.lower - 0.5), math.log(domain.upper + 0.5)
        return min(int(domain.upper), max(int(domain.lower), round(math.exp(low + position * (high - low)))))
    values = values_of(domain)
    return values[min(len(values) - 1, int(position * len(values)))]
