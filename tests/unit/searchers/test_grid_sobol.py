"""Searchers that do not look at results: what they cover, and in which order."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from harness.core.domains import choice, finrange, lograndint, loguniform, ordinal, randint, uniform
from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Space
from harness.searchers.grid import GridOptions, GridSearcher, grid_of, shuffled
from harness.searchers.sobol import SobolOptions, SobolSearcher, at
from tests.unit.searchers.experiments import optimise

CUBE = Space({"a": uniform(0, 1), "b": loguniform(1e-3, 1e3), "c": choice(["x", "y", "z"])})


def configs(searcher, space: Space, count: int) -> list[dict]:
    return optimise(searcher, History(Problem(space, "loss")), lambda config: 0.0, count)


def grid(space: Space, seed: int = 0, **options) -> list[dict]:
    return configs(GridSearcher(Context(Problem(space, "loss"), seed), GridOptions(**options)), space, 10_000)


def test_a_grid_holds_the_ends_and_all_combinations_once() -> None:
    got = grid(CUBE, searcher_grid_points=3, searcher_grid_order="lexicographic")
    bs = [1e-3, 1.0, 1e3]
    expected = [{"a": a, "b": b, "c": c} for a in (0.0, 0.5, 1.0) for b in bs for c in "xyz"]
    assert [(one["a"], one["c"]) for one in got] == [(one["a"], one["c"]) for one in expected]
    np.testing.assert_allclose([one["b"] for one in got], [one["b"] for one in expected])


def test_the_order_is_the_seeds() -> None:
    one, other = grid(CUBE, 1), grid(CUBE, 2)
    assert one == grid(CUBE, 1) != other
    assert sorted(map(str, one)) == sorted(map(str, other)) == sorted(map(str, grid(CUBE, 3)))


@pytest.mark.parametrize(
    ("domain", "points", "values"),
    [
        (uniform(2, 4), 1, [3.0]),
        (randint(1, 3), 5, [1, 2, 3]),
        (randint(1, 9), 3, [1, 5, 9]),
        (lograndint(1, 100), 3, [1, 10, 100]),
        (lograndint(1, 8), 7, [1, 2, 3, 4, 6, 8]),
        (ordinal([1, 8, 64]), 2, [1, 8, 64]),
        (finrange(0, 1, 3), 2, [0.0, 0.5, 1.0]),
        (uniform(2, 2), 4, [2.0]),
    ],
)
def test_the_values_of_a_domain(domain, points: int, values: list) -> None:
    assert list(grid_of(domain, points)) == pytest.approx(values)


@settings(deadline=None)
@given(st.integers(1, 300), st.text(max_size=3))
def test_shuffling_is_a_permutation(size: int, key: str) -> None:
    assert sorted(shuffled(index, size, key) for index in range(size)) == list(range(size))


def test_a_grid_too_large_to_store_is_no_problem() -> None:
    space = Space({f"x{index}": uniform(0, 1) for index in range(40)})
    searcher = GridSearcher(Context(Problem(space, "loss"), 0), GridOptions())
    assert len({space.key(config) for config in configs(searcher, space, 50)}) == 50


def sobol(space: Space, count: int, seed: int = 0) -> list[dict]:
    return configs(SobolSearcher(Context(Problem(space, "loss"), seed), SobolOptions()), space, count)


def test_sobol_points_are_spread_more_evenly_than_random_ones() -> None:
    space = Space({"a": uniform(0, 1), "b": loguniform(1e-3, 1e3), "c": uniform(-1, 1)})
    for seed in range(3):
        points = Encoder(space).encode_many(sobol(space, 65, seed)[1:])
        random = np.random.default_rng(seed).random((64, 3))
        assert qmc.discrepancy(points) < 0.3 * qmc.discrepancy(random)
    assert sobol(space, 9, 1)[1:] != sobol(space, 9, 2)[1:]


def test_sobol_covers_choices_evenly_and_its_points_depend_on_the_trial_alone() -> None:
    got = sobol(CUBE, 25)
    assert sorted(sum(config["c"] == kind for config in got[1:]) for kind in "xyz") == [8, 8, 8]
    assert got[0] == CUBE.midpoint()
    searcher = SobolSearcher(Context(Problem(CUBE, "loss"), 0), SobolOptions())
    history = History(Problem(CUBE, "loss"))
    order = [20, 3, 24, 4, 5]
    assert [searcher.suggest(history, trial_id=index, resource=None) for index in order] == [got[i] for i in order]


@pytest.mark.parametrize("domain", [lograndint(1, 50), randint(3, 7), choice(["a", "b"]), uniform(1, 2)])
def test_quantiles_follow_the_distribution_of_random_search(domain) -> None:
    generator = np.random.default_rng(0)
    drawn = np.sort([domain.encode(domain.sample(generator)) for _ in range(4000)])
    placed = np.sort([domain.encode(at(domain, (index + 0.5) / 4000)) for index in range(4000)])
    assert np.abs(drawn - placed).mean() < 0.02
    assert math.isclose(placed[0], 0.0, abs_tol=1e-3) and math.isclose(placed[-1], 1.0, abs_tol=1e-3)
