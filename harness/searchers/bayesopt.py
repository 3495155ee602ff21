"""Bayesian optimisation with Gaussian processes; with a multi-fidelity scheduler, MOBSTER.

A. Klein, L. C. Tiao, T. Lienart, C. Archambeau, M. Seeger: Model-based asynchronous hyperparameter and neural
architecture search, 2020. This module must stay cheap to import (its options are read for `--help`): the Gaussian
processes, and scipy with them, are loaded at the first suggestion that needs them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationInfo, field_validator

from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.space import Config
from harness.options import Options, arg
from harness.searchers.initial import InitialDesign

if TYPE_CHECKING:
    from harness.searchers.proposer import Proposer


class BayesOptOptions(Options):
    searcher_num_init_random: int | None = arg(
        None, "configurations drawn at random before the first model; default: number of workers + 2", ge=1
    )
    searcher_num_init_candidates: int = arg(250, "random points at which the acquisition function is looked at", ge=2)
    searcher_skip_local_optimization: bool = arg(False, "take the best of the random points as it is")
    searcher_local_nstarts: int = arg(6, "local maximisations of the acquisition function, run together", ge=1)
    searcher_local_maxiter: int = arg(20, "iterations of a local maximisation", ge=1)
    searcher_opt_nstarts: int = arg(2, "starts of a fresh fit of the parameters", ge=1, le=4)
    searcher_opt_maxiter: int = arg(50, "evaluations of the likelihood in a fresh fit, from each start", ge=1)
    searcher_opt_skip_init_length: int = arg(
        150,
        "up to this many observations, parameters are fitted at each new one (multi-fidelity, each level for itself: "
        "at fixed numbers of them)",
        ge=0,
    )
    searcher_opt_skip_period: int = arg(1, "beyond it, parameters are fitted at each n-th observation only", ge=1)
    searcher_no_fantasizing: bool = arg(False, "ignore evaluations under way")
    searcher_no_warping: bool = arg(
        False,
        "model losses as they are; by default their ranks (multi-fidelity), or their logarithm where the model favours "
        "it (single fidelity)",
    )
    searcher_gp_kernel: Literal["auto", "matern52", "rbf"] = arg(
        "auto", "kernel; auto: Matern 5/2 or squared exponential, whichever up to 128 observations favour"
    )
    searcher_model: Literal["gp_multitask", "gp_independent", "gp_issm", "gp_expdecay"] = arg(
        "gp_multitask",
        "multi-fidelity: gp_multitask, one model of all resource levels; gp_independent, one for each level; gp_issm, "
        "gp_expdecay, learning curve models of all reports (whatever searcher_data says)",
    )
    searcher_data: Literal["rungs", "all", "rungs_and_last"] = arg(
        "rungs",
        "multi-fidelity: reports that a model sees: those at the scheduler's levels, all, or those at the levels and "
        "each trial's last",
    )
    searcher_gp_resource_kernel: Literal[
        "auto",
        "exp-decay-sum",
        "exp-decay-combined",
        "exp-decay-delta1",
        "freeze-thaw",
        "matern52",
        "matern52-res-warp",
        "cross-validation",
    ] = arg(
        "auto",
        "kernel of gp_multitask over (configuration, resource); auto: for rungs a chain of processes from level to "
        "level, else matern52",
    )
    searcher_issm_gamma_one: bool = arg(False, "gp_issm: innovations carry over in full (gamma is 1, not fitted)")
    searcher_expdecay_normalize_inputs: bool = arg(False, "gp_expdecay: resource levels are divided by the largest")
    searcher_resource_acq: Literal["bohb", "first", "final"] = arg(
        "bohb",
        "multi-fidelity: level at which improvement is sought: bohb, that with the least loss of those with enough "
        "observations, mostly the highest of them; first, that of the new trial's first decision; final, the highest "
        "observed",
    )
    searcher_resource_acq_bohb_threshold: int = arg(3, "observations that bohb asks of a level", ge=1)
    searcher_max_size_data_for_model: int = arg(800, "observations of a level that a model takes at most", ge=10)
    searcher_max_size_top_fraction: float = arg(0.25, "part of them that are the best ones", gt=0, le=1)
    searcher_max_suggest_time: float | None = arg(
        None,
        "seconds after which a suggestion skips what remains of fitting and refining (then a rerun with the same "
        "seed may differ)",
        gt=0,
    )

    @field_validator("searcher_data")
    @classmethod
    def _levels_only(cls, data: str, info: ValidationInfo) -> str:
        if info.data.get("searcher_model") == "gp_independent" and data != "rungs":
            raise ValueError("gp_independent looks at single levels; it takes: rungs")
        return data

    @field_validator("searcher_gp_resource_kernel")
    @classmethod
    def _multitask_only(cls, kernel: str, info: ValidationInfo) -> str:
        model = info.data.get("searcher_model")
        if model not in (None, "gp_multitask") and kernel != "auto":
            raise ValueError(f"only searcher_model gp_multitask has a resource kernel, {model} has none")
        return kernel


class BayesOpt:
    """Maximises the expected improvement of a Gaussian process, or of a chain of them over resource levels.

    Starts with the random design that all searchers share. Where neighbours turn out to have the same loss, as those
    that a table plays with one row have, few random points are ranked, none is refined, and some trials are drawn.
    Evaluations under way count as observed at their predicted value, failed ones and losses that are no finite number
    as the worst seen.
    """

    def __init__(self, context: Context, options: BayesOptOptions) -> None:
        self._context = context
        self._options = options
        self._design = InitialDesign(context)
        self._initial = options.searcher_num_init_random or context.num_workers + 2
        self._proposer: Proposer | None = None

    def suggest(self, history: HistoryView, *, trial_id: int, resource: int | None) -> Config | None:
        space = self._context.problem.space
        if trial_id < max(self._initial, len(self._design.points)) or not any(
            math.isfinite(result.loss) for result in history.results
        ):
            return self._design.config(history, trial_id)
        if all(domain.size == 1 for domain in space.hyperparameters.values()):
            return self._design.config(history, trial_id)
        if self._proposer is None:
            self._proposer = self._make_proposer()
        for config in self._proposer.ranked(history, trial_id, resource):
            if not self._design.seen(history, config):
                return config
        return self._design.config(history, trial_id)

    def recommend(self, history: HistoryView) -> int | None:
        """Trial that the model holds for the best, with the noise of single results averaged out; None before any."""
        best = history.best()
        if best is None or all(domain.size == 1 for domain in self._context.problem.space.hyperparameters.values()):
            return None if best is None else best.trial_id
        if self._proposer is None:
            self._proposer = self._make_proposer()
        return self._proposer.recommended(history)

    def _make_proposer(self) -> Proposer:
        from harness.searchers.proposer import Proposer

        return Proposer(self._context, self._options)
