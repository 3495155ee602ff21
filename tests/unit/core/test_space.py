import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.core.domains import (
    choice,
    domain_from_spec,
    finrange,
    logfinrange,
    lograndint,
    loguniform,
    ordinal,
    randint,
    uniform,
)
from harness.core.seeds import rng
from harness.core.space import Space, space_from_spec

DOMAINS = {
    "uniform": uniform(-2, 3),
    "loguniform": loguniform(1e-6, 10),
    "randint": randint(-3, 12),
    "lograndint": lograndint(1, 1000),
    "choice": choice(["a", 3, None, True]),
    "ordinal": ordinal([16, 32, 64, 128]),
    "finrange": finrange(0.1, 0.9, 9),
    "logfinrange": logfinrange(1, 1024, 11, cast_int=True),
}
ANY_DOMAIN = pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)


@ANY_DOMAIN
def test_samples_midpoints_and_decoded_positions_are_fixed_points_of_cast(domain) -> None:
    generator = rng(0, "test")
    values = [domain.sample(generator) for _ in range(200)] + [domain.midpoint()]
    values += [domain.decode(position) for position in (-1, 0, 0.3, 1, 2)]
    for value in values:
        assert domain.contains(value) and domain.cast(value) == value
        assert not isinstance(value, np.generic)  # goes into JSON and command lines


@ANY_DOMAIN
def test_encode_then_decode_gives_the_value_back(domain) -> None:
    generator = rng(1, "test")
    for _ in range(100):
        value = domain.sample(generator)
        assert 0 <= domain.encode(value) <= 1
        again = domain.decode(domain.encode(value))
        assert again == value or again == pytest.approx(value, rel=1e-12)


@ANY_DOMAIN
def test_spec_is_json_that_builds_the_same_domain(domain) -> None:
    assert domain_from_spec(json.loads(json.dumps(domain.spec()))) == domain


@pytest.mark.parametrize(
    ("domain", "middle"),
    [
        (loguniform(1e-4, 1), 1e-2),
        (randint(0, 10), 5),
        (lograndint(1, 10_000), 100),
        (choice(["a", "b"]), "a"),
        (ordinal([1, 2, 3]), 2),
        (logfinrange(1, 100, 3), 10),
    ],
)
def test_midpoint_lies_in_the_middle_of_the_axis(domain, middle) -> None:
    assert domain.midpoint() == pytest.approx(middle)


@pytest.mark.parametrize("domain", [randint(1, 4), choice("abcd"), ordinal([1, 2, 3, 4]), finrange(0, 1, 4)])
def test_finite_domains_are_sampled_evenly_ends_included(domain) -> None:
    generator = rng(2, "test")
    drawn = [domain.sample(generator) for _ in range(4000)]
    assert len(set(drawn)) == 4
    assert all(abs(drawn.count(value) - 1000) < 150 for value in set(drawn))


def test_log_ranges_give_every_decade_its_share() -> None:
    generator = rng(3, "test")
    drawn = np.array([loguniform(1e-3, 1).sample(generator) for _ in range(3000)])
    counts = np.histogram(np.log10(drawn), bins=[-3, -2, -1, 0])[0]
    assert all(abs(count - 1000) < 150 for count in counts)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: uniform(1, 0), "above"),
        (lambda: loguniform(0, 1), "positive"),
        (lambda: uniform(0, float("inf")), "finite"),
        (lambda: randint(0.5, 2), "whole"),
        (lambda: choice([]), "at least one"),
        (lambda: choice(["a", "a"]), "twice"),
        (lambda: finrange(0, 1, 0), "a whole number from 1 to 1000000, got 0"),
        (lambda: finrange(0, 1, 2.5), "a whole number from 1 to 1000000, got 2.5"),
        (lambda: finrange(0, 1, 10**8), "a whole number from 1 to 1000000"),
        (lambda: randint(0, 2**70), "within 2"),
        (lambda: domain_from_spec({"type": "uniform", "lower": 0, "upper": 10**400}), "uniform: int too large"),
        (lambda: domain_from_spec({"type": "unifrom"}), "unknown domain type"),
        (lambda: domain_from_spec({"type": "choice", "values": "abc"}), "expected a list"),
        (lambda: domain_from_spec({"type": "uniform", "lo": 1}), "uniform"),
        (lambda: space_from_spec({"lr": {"type": "uniform", "lower": 2, "upper": 1}}), "lr: "),
    ],
)
def test_faults_are_named(make, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()


def test_text_from_a_command_line_is_cast() -> None:
    assert [DOMAINS[name].cast(text) for name, text in [("randint", "3"), ("ordinal", "32"), ("choice", "None")]] == [
        3,
        32,
        None,
    ]


def test_constants_are_kept_apart_and_specs_round_trip() -> None:
    space = Space({**DOMAINS, "epochs": 81, "dataset": "mnist"})
    assert space.constants == {"epochs": 81, "dataset": "mnist"}
    assert "epochs" not in space.sample(rng(0, "test"))
    assert dict(space_from_spec(json.loads(json.dumps(space.spec())))) == dict(space)


def test_complete_fills_in_midpoints_and_refuses_what_lies_outside() -> None:
    space = Space({"lr": loguniform(1e-4, 1), "n": randint(1, 9)})
    assert space.complete({"n": 2}) == {"lr": pytest.approx(1e-2), "n": 2}
    assert space.complete({"n": "2"}) == space.complete({"n": 2.0}) == space.complete({"n": 2})
    refused = [({"m": 1}, "unknown"), ({"n": 10}, "outside"), ({"n": 2.9}, "n = 2.9 lies outside")]
    refused += [
        ({"n": True}, "n = True"),
        ({"n": None}, "n = None"),
        ({"lr": "x"}, "lr = 'x'"),
        ({"lr": False}, "lr ="),
    ]
    for partial, text in refused:
        with pytest.raises(ValueError, match=text):
            space.complete(partial)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_enumeration_lists_each_configuration_once(count: int, values: int, levels: int) -> None:
    space = Space({"n": randint(1, count), "c": choice(range(values)), "g": finrange(0, 1, levels), "k": 5})
    keys = [space.key(config) for config in space.enumerate()]
    assert len(keys) == len(set(keys)) == space.size == count * values * levels
    assert all(list(config) == ["n", "c", "g"] for config in space.enumerate())


def test_an_infinite_space_has_no_size() -> None:
    space = Space({"x": uniform(0, 1), "n": randint(1, 2)})
    assert space.size is None
    with pytest.raises(ValueError, match="infinite"):
        next(space.enumerate())


@given(st.integers(1, 60), st.booleans(), st.floats(-10, 110))
def test_a_grid_casts_to_its_nearest_value(count, cast_int, value):
    grid = finrange(0, 100, count, cast_int=cast_int)
    assert grid.cast(value) == min(grid.values, key=lambda known: abs(known - value))


def test_a_grid_contains_its_values_alone():
    grid = finrange(0, 1, 11)
    assert all(grid.contains(value) for value in (*grid.values, 0.30000000001, "0.3"))
    assert not any(grid.contains(value) for value in (0.31, -0.1, None, True, float("nan"), "x"))


def test_values_of_a_rounded_grid_are_its_own_neighbours():
    grid = logfinrange(1, 6.3125, 5, cast_int=True)
    assert grid.values == (1, 2, 3, 4, 6)
    assert [grid.cast(value) for value in grid.values] == list(grid.values)
    assert all(grid.contains(value) and grid.decode(grid.encode(value)) == value for value in grid.values)
    assert logfinrange(1, 2, 5, cast_int=True).values == (1, 2)
