import random

import pytest

from bench.problems import MIXED, PROBLEMS, draw, unit

MINIMA = {
    "branin": {"x1": 3.141592653589793, "x2": 2.275},
    "hartmann6": dict(
        zip([f"x{i}" for i in range(6)], [0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573], strict=True)
    ),
    "mixed6": {"lr": 1e-5 * 1e4**0.65, "wd": 1e-6 * 1e4**0.4, "mom": 0.7, "drop": 0.2, "units": 128, "act": "gelu"},
    "ackley6": {f"x{i}": 0.0 for i in range(6)},
    "rosenbrock6": {f"x{i}": 1.0 for i in range(6)},
    "levy4": {f"x{i}": 1.0 for i in range(4)},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_minimum_is_zero_where_it_should_be_and_nowhere_lower(name):
    problem, generator = PROBLEMS[name], random.Random(0)
    assert problem.function(MINIMA[name.split("+")[0].removesuffix("-turned")]) == pytest.approx(0.0, abs=2e-6)
    assert all(problem.function(draw(problem.space, generator)) > -2e-6 for _ in range(300))


def test_each_choice_comes_first_with_one_seed_of_four():
    spaces = [PROBLEMS["mixed6-turned"].space_of(seed) for seed in range(5)]
    assert [space["act"][1][0] for space in spaces] == ["relu", "tanh", "gelu", "swish", "relu"]
    assert {tuple(sorted(space["act"][1])) for space in spaces} == {tuple(sorted(MIXED["act"][1]))}
    assert all({**space, "act": MIXED["act"]} == MIXED for space in spaces)
    assert PROBLEMS["mixed6"].space_of(3) == MIXED


def test_draws_are_uniform_on_the_axis_of_the_range_and_stay_inside():
    generator = random.Random(1)
    drawn = [draw(MIXED, generator) for _ in range(2000)]
    for name, spec in MIXED.items():
        if spec[0] == "cat":
            assert {config[name] for config in drawn} == set(spec[1])
        else:
            places = [unit(config[name], spec) for config in drawn]
            assert min(places) >= 0 and max(places) <= 1
            assert sum(places) / len(places) == pytest.approx(0.5, abs=0.03)
    assert all(isinstance(config["units"], int) for config in drawn)
