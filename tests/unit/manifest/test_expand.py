"""Lists multiply, groups zip, run ids repeat: the order is a contract."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.manifest.expand import axes, expand, parse_groups, run_ids


def combinations(values, groups=()):
    return list(expand(values, axes(values, groups)))


def test_the_first_written_list_varies_fastest():
    rows = combinations({"a": [1, 2], "fixed": 0, "b": ["x", "y"]})
    assert [(row["a"], row["b"], row["fixed"]) for row in rows] == [(1, "x", 0), (2, "x", 0), (1, "y", 0), (2, "y", 0)]


def test_groups_zip_and_come_before_the_other_lists():
    rows = combinations({"c": [7, 8], "a": [1, 2], "b": [3, 4]}, parse_groups("a b"))
    assert [(row["a"], row["b"], row["c"]) for row in rows] == [(1, 3, 7), (2, 4, 7), (1, 3, 8), (2, 4, 8)]


@pytest.mark.parametrize(
    ("values", "groups", "message"),
    [
        ({"a": []}, "", "a: an empty list"),
        ({"a": [1, 2], "b": [1]}, "a b", "equal lengths: a has 2, b has 1"),
        ({"a": [1, 2], "b": 3}, "a b", "'b' has no list"),
        ({"a": [1, 2]}, "a c", "'c' has no list"),
        ({"a": [1, 2], "b": [1, 2], "c": [1, 2]}, "a b|b c", "'b' is in more than one group"),
        ({"a": [1, 2]}, "a||", "a group without members"),
    ],
)
def test_faults_of_lists_and_groups_are_named(values, groups, message):
    with pytest.raises(UsageError, match=message):
        axes(values, parse_groups(groups) if groups else [])


@pytest.mark.parametrize(
    ("run_id", "num_runs", "expected"),
    [
        (None, None, [0]),
        (None, 3, [0, 1, 2]),
        (None, "2", [0, 1]),
        ([4, 1], 3, [4, 1]),
        (["0", "2"], None, [0, 2]),
        (5, None, [5]),
    ],
)
def test_run_ids(run_id, num_runs, expected):
    assert run_ids(run_id, num_runs) == expected


@pytest.mark.parametrize(
    ("run_id", "num_runs"), [([1, 1], None), (-1, None), (["x"], None), ([], None), (None, 0), (True, None)]
)
def test_wrong_run_ids_are_refused(run_id, num_runs):
    with pytest.raises(UsageError, match=r"run_id|num_runs"):
        run_ids(run_id, num_runs)


lists = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), max_size=5
)


@given(values=lists)
def test_an_expansion_is_the_whole_product_once(values):
    rows = combinations(values)
    assert len(rows) == math.prod(map(len, values.values()))
    assert len({tuple(sorted(row.items())) for row in rows}) == len(rows)
    assert rows == combinations(values)
