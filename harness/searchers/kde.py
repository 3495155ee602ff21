"""Kernel density estimators of good and bad configurations: BOHB's model (with a hyperband scheduler), TPE's kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.space import Config
from harness.options import Options, arg
from harness.searchers.initial import InitialDesign

if TYPE_CHECKING:
    from harness.searchers.density import Densities


class KdeOptions(Options):
    searcher_num_min_data_points: int | None = arg(
        None, "observations that a density rests on at least; default: number of hyper-parameters + 1", ge=2
    )
    searcher_top_n_percent: int = arg(15, "percentage of the observations that count as good", ge=1, le=99)
    searcher_min_bandwidth: float = arg(1e-3, "least width of a kernel, on the unit interval", gt=0)
    searcher_num_candidates: int = arg(64, "draws from the density of the good, of which the best is taken", ge=1)
    searcher_bandwidth_factor: float = arg(3.0, "widens the kernels that candidates are drawn from", gt=0)
    searcher_random_fraction: float = arg(1 / 3, "part of the trials that are drawn at random all the same", ge=0, le=1)


class KdeSearcher:
    """The configuration that is most probable among good ones relative to bad ones.

    S. Falkner, A. Klein, F. Hutter: BOHB: Robust and efficient hyperparameter optimization at scale, ICML 2018,
    section 4, from which all defaults come. The model rests on the highest resource level that has enough
    observations (num_min_data_points + 2); until one has, configurations are those of random search.
    """

    def __init__(self, context: Context, options: KdeOptions) -> None:
        self._context = context
        self._options = options
        self._design = InitialDesign(context)
        self._densities: Densities | None = None

    def suggest(self, history: HistoryView, *, trial_id: int, resource: int | None) -> Config | None:
        drawn = trial_id < max(self._context.num_workers + 2, len(self._design.points))
        generator = rng(self._context.seed, "kde", trial_id)
        if drawn or generator.random() < self._options.searcher_random_fraction:
            return self._design.config(history, trial_id)
        if self._densities is None:
            from harness.searchers.density import Densities

            self._densities = Densities(self._context, self._options)
        for config in self._densities.ranked(history, generator):
            if not self._design.seen(history, config):
                return config
        return self._design.config(history, trial_id)
