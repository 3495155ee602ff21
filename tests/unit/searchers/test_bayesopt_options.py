"""Every option has an effect."""

import math

import pytest

import harness.searchers.proposer as proposer
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.unit.searchers.experiments import MIXED, best, mixed, optimise, searcher_of

PROBLEM = Problem(MIXED, "loss")


@pytest.fixture
def history() -> History:
    made = History(PROBLEM)
    optimise(RandomSearcher(Context(PROBLEM, 5), RandomOptions()), made, mixed, 40)
    return made


def suggestion(history: History, **options) -> dict:
    return searcher_of(PROBLEM, **options).suggest(history, trial_id=len(history.trials), resource=None)


def test_initial_configurations_are_counted(history: History) -> None:
    assert suggestion(history, searcher_num_init_random=41) == MIXED.sample(rng(0, "random", 40))
    assert suggestion(history, searcher_num_init_random=40) != MIXED.sample(rng(0, "random", 40))


@pytest.mark.parametrize(
    "options",
    [
        {"searcher_num_init_candidates": 3},
        {"searcher_local_nstarts": 1, "searcher_num_init_candidates": 3},
        {"searcher_local_maxiter": 1},
        {"searcher_skip_local_optimization": True},
        {"searcher_opt_nstarts": 1},
        {"searcher_opt_maxiter": 2},
        {"searcher_opt_skip_init_length": 10, "searcher_opt_skip_period": 30},
        {"searcher_gp_kernel": "matern52"},
        {"searcher_max_size_data_for_model": 20},
        {"searcher_max_size_data_for_model": 20, "searcher_max_size_top_fraction": 1.0},
    ],
)
def test_it_changes_the_suggestion(history: History, options: dict) -> None:
    weaker = {name: value for name, value in list(options.items())[:-1]}
    assert suggestion(history, **options) != suggestion(history, **weaker)


def test_without_warping_the_losses_are_modelled_as_they_are() -> None:
    made = History(PROBLEM)
    optimise(RandomSearcher(Context(PROBLEM, 5), RandomOptions()), made, lambda config: math.exp(9 * mixed(config)), 40)
    assert suggestion(made) != suggestion(made, searcher_no_warping=True)


def test_without_time_a_suggestion_is_quick_and_still_sensible(history: History, monkeypatch) -> None:
    calls = []
    real = proposer.ascend
    monkeypatch.setattr(proposer, "ascend", lambda *args: calls.append(args[3]()) or real(*args))
    config = suggestion(history, searcher_max_suggest_time=1e-9)
    assert calls == [True]
    assert mixed(config) < 3 * best(history)


def test_data_beyond_the_limit_are_left_out_but_never_the_best(history: History) -> None:
    it = searcher_of(PROBLEM, searcher_max_size_data_for_model=20)
    it.suggest(history, trial_id=40, resource=None)
    target = it._proposer._surrogate.target(history, lambda counts: 0, lambda: False)
    assert len(target.chain.posteriors[0].fitted) == 20
    assert target.best == pytest.approx(target.chain.posteriors[0].fitted.min())
    encoder = it._proposer._encoder
    top = min(history.results, key=lambda result: result.loss)
    assert (target.incumbents[0] == encoder.encode(history.trials[top.trial_id].config)).all()
