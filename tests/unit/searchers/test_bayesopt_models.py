"""MOBSTER's models and the data they see."""

import math

import numpy as np
import pytest

from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Status
from harness.errors import UsageError
from harness.gp.forms import Limit, dense, fewer_trials, first, thinned
from harness.gp.joint import Reports
from harness.gp.resource_kernels import RESOURCE_KERNELS
from harness.options import validate
from harness.searchers.bayesopt import BayesOpt, BayesOptOptions
from harness.searchers.curve_data import CurveData
from harness.searchers.observations import Observations
from harness.searchers.surrogate import metric_of
from tests.fakes.play import PROBLEM as PLAYED
from tests.fakes.play import Play, World, context_of
from tests.unit.searchers.experiments import MIXED, begin, mixed

PROBLEM = Problem(MIXED, "loss", resource_attr="epoch", max_resource=27)
LEVELS = (1, 3, 9, 27)
ALL = {"searcher_data": "all"}
MODELS = {
    "chain": {},
    "independent": {"searcher_model": "gp_independent"},
    "issm": {"searcher_model": "gp_issm"},
    "issm, gamma one": {"searcher_model": "gp_issm", "searcher_issm_gamma_one": True},
    "expdecay": {"searcher_model": "gp_expdecay"},
    "expdecay, normalized": {"searcher_model": "gp_expdecay", "searcher_expdecay_normalize_inputs": True},
    "all": ALL,
    "rungs and last": {"searcher_data": "rungs_and_last"},
    **{name: {"searcher_gp_resource_kernel": name} for name in RESOURCE_KERNELS},
    **{f"{name}, all": {"searcher_gp_resource_kernel": name, **ALL} for name in RESOURCE_KERNELS},
}


def searcher(levels: tuple[int, ...] = LEVELS[:-1], seed: int = 0, **options) -> BayesOpt:
    return BayesOpt(Context(PROBLEM, seed, 1, levels), BayesOptOptions(**options))


def curve(config, epoch: int) -> float:
    """Curves cross: what is good at the end starts late."""
    return mixed(config) + (0.3 + 0.5 * (1 - mixed(config))) * epoch**-0.7


def history_of(count: int, seed: int = 0) -> History:
    history, generator = History(PROBLEM), np.random.default_rng(seed)
    for index in range(count):
        config = MIXED.sample(generator)
        until = 27 if index % 9 == 0 else 9 if index % 5 == 0 else 4 if index % 2 else 1
        trial = begin(history, config)
        for epoch in range(1, until + 1):
            noise = 0.002 * generator.normal()
            history.report(trial.trial_id, {"loss": curve(config, epoch) + noise, "epoch": epoch}, at=float(epoch))
        history.end(trial.trial_id, Status.COMPLETED if until == 27 else Status.STOPPED)
    return history


@pytest.mark.parametrize("model", MODELS)
def test_the_value_at_the_end_is_predicted_for_new_configurations(model: str) -> None:
    history = history_of(40)
    it = searcher(**MODELS[model])
    it.suggest(history, trial_id=40, resource=1)
    target = it._proposer._surrogate.target(history, lambda counts: 3, bool)
    generator = np.random.default_rng(1)
    configs = [MIXED.sample(generator) for _ in range(60)]
    rows = Encoder(MIXED).encode_many(configs)
    predicted, true = target.chain.predict(rows, target.level).mean, [curve(config, 27) for config in configs]
    least = 0.3 if model == "independent" else 0.85
    assert target.level == 3 and np.corrcoef(predicted, true)[0, 1] > least
    assert target.best < np.median(predicted)


@pytest.mark.parametrize("model", [name for name in MODELS if "," not in name])
def test_suggestions_are_a_function_of_the_history(model: str) -> None:
    """With pauses, failures and NaN; fresh instances answer as the old one does."""
    from harness.plugins import SCHEDULERS

    plugin = SCHEDULERS["hyperband_promotion"]
    options = plugin.load_options()()
    context = context_of(PLAYED, seed=3, workers=3, levels=plugin.load().levels(options, PLAYED))
    game = Play(
        lambda: plugin.load()(context, options),
        lambda: BayesOpt(context, BayesOptOptions(**MODELS[model])),
        problem=PLAYED,
        workers=3,
        world=World(seed=4, nan=0.1, fail=0.05),
        fresh_every=8,
    ).run(45)
    assert len(game.history.trials) > 10


def read(history: History, which: str, levels=LEVELS) -> list[tuple[int, float, float]]:
    observations = Observations(Encoder(MIXED), levels)
    observations.update(history)
    reports = CurveData(levels, which).reports(history, observations)
    return list(zip(reports.trial.tolist(), reports.resources[reports.level].tolist(), reports.y.tolist(), strict=True))


def test_which_reports_are_data() -> None:
    history = History(PROBLEM)
    for _ in range(3):
        begin(history, MIXED.midpoint())
    for trial_id, epoch, loss in ((0, 1, 0.5), (0, 2, 0.4), (1, 1, 0.6), (0, 4, 0.3), (0, 4, 0.9), (1, 2, 0.55)):
        history.report(trial_id, {"loss": loss, "epoch": epoch}, at=0.0)
    rungs = [(0, 1.0, 0.5), (1, 1.0, 0.6), (0, 3.0, 0.3)]
    assert read(history, "rungs") == rungs
    assert read(history, "rungs_and_last") == [*rungs, (0, 4.0, 0.9), (1, 2.0, 0.55)]
    assert read(history, "all") == [(0, 1.0, 0.5), (0, 2.0, 0.4), (1, 1.0, 0.6), (0, 4.0, 0.3), (1, 2.0, 0.55)]
    history.end(1, Status.FAILED)
    assert [(trial, at) for trial, at, loss in read(history, "all") if np.isnan(loss)] == [(1, 3.0)]


def test_very_long_curves_are_seen_at_a_hundred_levels() -> None:
    history = History(PROBLEM)
    trial = begin(history, MIXED.midpoint())
    for epoch in range(1, 1001):
        history.report(trial.trial_id, {"loss": 1 / epoch, "epoch": epoch}, at=0.0)
    seen = [int(resource) for _, resource, _ in read(history, "all", (1, 10, 999))]
    assert len(seen) <= 103 and {1, 2, 10, 999} <= set(seen)


ODD = {
    "constant": lambda index, epoch: 0.5,
    "huge": lambda index, epoch: 1e30 if index == 3 else index / 10 + 1 / epoch,
    "all but one NaN": lambda index, epoch: 0.1 if (index, epoch) == (2, 1) else math.nan,
    "infinite": lambda index, epoch: -math.inf if index == 5 else math.inf if index == 6 else 1 / epoch,
    "tiny": lambda index, epoch: 1e-300 * index,
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("model", ["issm", "expdecay", "all", "rungs and last", "independent", "exp-decay-combined"])
def test_odd_values_are_survived(model: str, odd: str) -> None:
    history, generator = History(PROBLEM), np.random.default_rng(0)
    for index in range(14):
        trial = begin(history, {**MIXED.midpoint(), "act": "gelu"} if index < 4 else MIXED.sample(generator))
        for epoch in range(1, 2 + index % 4):
            history.report(trial.trial_id, {"loss": ODD[odd](index, epoch), "epoch": epoch}, at=0.0)
        if index < 12:
            history.end(trial.trial_id, Status.FAILED if index % 5 == 4 else Status.STOPPED)
    config = searcher(**MODELS[model]).suggest(history, trial_id=14, resource=1)
    assert all(domain.contains(config[name]) for name, domain in MIXED.hyperparameters.items())


def reports(trials: int, length: int) -> Reports:
    trial, level = np.divmod(np.arange(trials * length), length)
    y = trial * 0.01 + 1.0 / (1 + level)
    return Reports(np.random.default_rng(0).random((len(y), 2)), y, trial, level, np.arange(1.0, length + 1))


def test_what_is_left_out_of_long_curves_is_the_middle_of_them() -> None:
    kept = thinned(reports(20, 50), Limit(200, 0.25))
    assert 100 < len(kept) <= 200
    assert len(set(kept.trial)) == 20 and {0, 49} <= set(kept.level)


def test_what_is_left_out_of_many_trials_is_never_the_best() -> None:
    for kept in (fewer_trials(reports(100, 5), Limit(40, 0.25)), thinned(reports(100, 5), Limit(40, 0.25))):
        assert len(set(kept.trial)) == 40 and set(range(10)) <= set(kept.trial)


def test_early_reports_know_nothing_of_later_levels() -> None:
    early = first(reports(3, 9), 4)
    assert early.resources.tolist() == [1.0, 2.0, 3.0, 4.0, 9.0]
    assert early.level.tolist() == [0, 1, 2, 3]


def test_pending_evaluations_make_what_is_near_them_certain() -> None:
    history = history_of(20)
    form = dense("matern52", metric_of(Encoder(MIXED)))
    it = searcher(searcher_gp_resource_kernel="matern52")
    it.suggest(history, trial_id=20, resource=1)
    surrogate, row = it._proposer._surrogate, Encoder(MIXED).encode_many([{**MIXED.midpoint(), "act": "swish"}])
    before = surrogate.target(history, lambda counts: 1, bool).chain.predict(row, 1)
    begin(history, {**MIXED.midpoint(), "act": "swish"}, milestone=3)
    surrogate.observations.update(history)
    after = surrogate.target(history, lambda counts: 1, bool).chain.predict(row, 1)
    assert after.mean == pytest.approx(before.mean) and after.var < 0.2 * before.var
    assert form.prior.theta_mean.shape == (6,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"searcher_model": "gp_independent", "searcher_data": "all"}, "it takes: rungs"),
        ({"searcher_model": "gp_issm", "searcher_gp_resource_kernel": "matern52"}, "gp_issm has none"),
    ],
)
def test_options_that_contradict_each_other(options: dict, message: str) -> None:
    _, faults = validate(BayesOptOptions, options)
    assert len(faults) == 1 and message in faults[0]
    assert UsageError(faults).problems == faults
