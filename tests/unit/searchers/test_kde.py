"""Kernel densities, and the searcher that compares them."""

from statistics import median

import numpy as np
import pytest
from scipy.integrate import quad

from harness.core.domains import choice, uniform
from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.space import Space
from harness.core.trial import Status
from harness.searchers.density import Densities, Density
from harness.searchers.kde import KdeOptions, KdeSearcher
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.unit.searchers.experiments import MIXED, begin, best, finish, mixed, optimise

PROBLEM = Problem(MIXED, "loss")
SMALL = Encoder(Space({"x": uniform(0, 1), "kind": choice(["a", "b", "c"])}))


def kde(problem: Problem = PROBLEM, seed: int = 0, levels: tuple[int, ...] = (), workers: int = 1, **options):
    return KdeSearcher(Context(problem, seed, workers, levels), KdeOptions(**options))


def small_rows(xs: list[float], kinds: str) -> np.ndarray:
    return SMALL.encode_many([{"x": x, "kind": kind} for x, kind in zip(xs, kinds, strict=True)])


def test_a_density_integrates_to_one_over_the_space() -> None:
    density = Density(small_rows([0.0, 0.02, 0.5, 0.9], "aabc"), SMALL.blocks, 1e-3)
    total = sum(quad(lambda x, k=kind: np.exp(density.log(small_rows([x], k)))[0], 0, 1)[0] for kind in "abc")
    assert total == pytest.approx(1.0, rel=1e-6)


def test_samples_follow_the_density() -> None:
    density = Density(small_rows([0.1, 0.15, 0.2, 0.9], "aabb"), SMALL.blocks, 1e-3)
    drawn = density.sample(20_000, 1.0, np.random.default_rng(0))
    for kind, column in zip("abc", (1, 2, 3), strict=True):
        expected = quad(lambda x, k=kind: np.exp(density.log(small_rows([x], k)))[0], 0, 0.5)[0]
        assert np.mean((drawn[:, 0] < 0.5) & (drawn[:, column] == 1.0)) == pytest.approx(expected, abs=0.015)


def test_wider_kernels_and_the_least_width() -> None:
    rows = small_rows([0.5, 0.5], "aa")
    narrow = Density(rows, SMALL.blocks, 1e-3).sample(2000, 1.0, np.random.default_rng(0))
    wide = Density(rows, SMALL.blocks, 1e-3).sample(2000, 50.0, np.random.default_rng(0))
    assert narrow[:, 0].std() == pytest.approx(1e-3, rel=0.1)
    assert wide[:, 0].std() == pytest.approx(0.05, rel=0.1)


def test_it_beats_random_search() -> None:
    gains = []
    for seed in range(8):
        one, other = History(PROBLEM), History(PROBLEM)
        optimise(kde(seed=seed), one, mixed, 60)
        optimise(RandomSearcher(Context(PROBLEM, seed), RandomOptions()), other, mixed, 60)
        gains.append(best(other) / best(one))
    assert median(gains) > 1.5


def test_the_start_and_the_random_part_are_those_of_random_search() -> None:
    history, it = History(PROBLEM), kde(workers=4, searcher_random_fraction=1.0)
    drawn = optimise(it, history, mixed, 20)
    assert drawn == [MIXED.midpoint()] + [MIXED.sample(rng(0, "random", index)) for index in range(1, 20)]
    assert optimise(kde(workers=4), History(PROBLEM), mixed, 20)[:6] == drawn[:6]


@pytest.mark.parametrize(
    "options",
    [
        {"searcher_num_min_data_points": 12},
        {"searcher_top_n_percent": 60},
        {"searcher_min_bandwidth": 0.5},
        {"searcher_num_candidates": 3},
        {"searcher_bandwidth_factor": 0.1},
        {"searcher_random_fraction": 0.0},
    ],
)
def test_every_option_changes_what_is_suggested(options: dict) -> None:
    plain = optimise(kde(), History(PROBLEM), mixed, 30)
    assert optimise(kde(**options), History(PROBLEM), mixed, 30) != plain


def test_failures_are_bad_and_count() -> None:
    space = Space({"x": uniform(0, 1)})
    history = History(Problem(space, "loss"))
    for index in range(30):
        trial = begin(history, {"x": (index + 0.5) / 30})
        if index < 20:
            history.end(trial.trial_id, Status.FAILED)
        else:
            finish(history, trial, 1.0)
    ranked = Densities(Context(history.problem, 0), KdeOptions()).ranked(history, np.random.default_rng(0))
    assert next(ranked)["x"] > 0.6


def test_the_model_rests_on_the_highest_level_with_enough_data() -> None:
    """At level 1 small x looks good, at level 3 large x; level 9 has too few."""
    problem = Problem(Space({"x": uniform(0, 1)}), "loss", resource_attr="epoch", max_resource=9)

    def suggested(deep: int) -> float:
        history = History(problem)
        for index in range(40):
            x = (index * 7 % 40 + 0.5) / 40
            trial = begin(history, {"x": x})
            history.report(trial.trial_id, {"loss": x, "epoch": 1}, at=0.0)
            if index < deep:
                history.report(trial.trial_id, {"loss": -x, "epoch": 3}, at=0.0)
            history.end(trial.trial_id, Status.STOPPED)
        it = kde(problem, levels=(1, 3), searcher_random_fraction=0.0)
        return it.suggest(history, trial_id=40, resource=1)["x"]

    assert suggested(deep=3) < 0.4
    assert suggested(deep=30) > 0.6
