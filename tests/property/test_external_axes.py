"""Other libraries' view of a space: every value goes there and comes back, and all that comes back is in the space."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from harness.core.domains import choice, finrange, logfinrange, lograndint, loguniform, ordinal, randint, uniform
from harness.core.seeds import rng
from harness.core.space import Space
from harness.searchers.external import axes_of

bounds = st.tuples(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9)).map(sorted)
integers = st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)).map(sorted)
labels = st.lists(st.text() | st.integers() | st.booleans(), min_size=1, max_size=9, unique_by=repr)
domains = st.one_of(
    bounds.map(lambda ends: uniform(*ends)),
    bounds.map(lambda ends: loguniform(*ends)),
    integers.map(lambda ends: randint(*ends)),
    integers.map(lambda ends: lograndint(*ends)),
    labels.map(choice),
    labels.map(ordinal),
    st.builds(lambda ends, size: finrange(*ends, size), bounds, st.integers(1, 9)),
    st.builds(lambda ends, size: logfinrange(*ends, size), bounds, st.integers(1, 9)),
)


@given(domains, st.integers(0, 99))
def test_each_domain_maps_there_and_back(domain, seed):
    for axis in axes_of(Space({"x": domain})):
        value = domain.sample(rng(seed, "axis"))
        coordinate = axis.coordinate(value)
        assert axis.lower <= coordinate <= axis.upper
        assert axis.value(coordinate) == value
        assert type(axis.value(coordinate)) is type(value)


@given(domains, st.floats(-0.1, 1.1))
def test_what_comes_back_is_in_the_domain(domain, position):
    for axis in axes_of(Space({"x": domain})):
        if axis.log:
            coordinate = math.exp(math.log(axis.lower) + position * math.log(axis.upper / axis.lower))
        else:
            coordinate = axis.lower + position * (axis.upper - axis.lower)
        value = axis.value(coordinate)
        assert domain.contains(value) and domain.cast(value) == value


def test_a_single_value_has_no_axis():
    assert [axis.name for axis in axes_of(Space({"one": choice(["a"]), "two": randint(1, 2), "fixed": 3}))] == ["two"]
