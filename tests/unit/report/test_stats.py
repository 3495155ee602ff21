"""The statistics against plain truths: brute force, textbook values, and what holds for any data."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.bands import band, interquartile_mean
from harness.report.ranks import Friedman, cliques, critical_difference
from harness.report.stats import adjust, bootstrap_interval, compare, least_pairs, more_runs, signed_rank
from harness.report.trace import _increments

whole = st.integers(-4, 4)


def enumerated(differences):
    """Two-sided p-value of the signed rank test, by all signs."""
    moved = [d for d in differences if d != 0]
    if not moved:
        return 1.0
    sizes = sorted(abs(d) for d in moved)
    ranks = [np.mean([i + 1 for i, size in enumerate(sizes) if size == abs(d)]) for d in moved]
    half = sum(ranks) / 2
    seen = abs(sum(rank for rank, d in zip(ranks, moved, strict=True) if d > 0) - half)
    signs = list(itertools.product([0, 1], repeat=len(moved)))
    far = sum(abs(sum(r for r, s in zip(ranks, sign, strict=True) if s) - half) >= seen - 1e-9 for sign in signs)
    return far / len(signs)


@settings(max_examples=40, deadline=None)
@given(st.lists(whole, min_size=1, max_size=9))
def test_the_signed_rank_test_equals_enumeration_ties_and_zeros_included(differences):
    assert signed_rank(np.array(differences, dtype=float)) == pytest.approx(enumerated(differences), abs=1e-6)


def test_no_test_can_succeed_with_less_than_the_least_pairs():
    for pairs in range(2, 12):
        best = signed_rank(np.arange(1.0, pairs + 1))
        assert (best <= 0.05) == (pairs >= least_pairs(0.05))
        assert (best <= 0.05 / 24) == (pairs >= least_pairs(0.05 / 24))


def test_holm_is_over_all_comparisons():
    better = np.arange(1.0, 9.0)
    one = compare("a", "x", "y", np.zeros(8), better)
    other = compare("b", "x", "y", np.zeros(8), np.where(np.arange(8) % 2, better, -better))
    none = compare("c", "x", "y", np.array([]), np.array([]))
    adjusted = adjust([one, other, none])
    assert [c.adjusted for c in adjusted][:2] == [pytest.approx(2 / 128), pytest.approx(other.p_value)]
    assert math.isnan(adjusted[2].adjusted) and not adjusted[2].decided
    assert (one.wins, one.ties, one.losses, one.difference) == (8, 0, 0, 4.5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=12), st.floats(0.1, 10), st.floats(-5, 5))
def test_the_interval_moves_and_scales_with_the_values(values, scale, shift):
    values = np.array(values)
    low, high = bootstrap_interval(values)
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9  # numpy's quantiles round
    moved = bootstrap_interval(values * scale + shift)
    assert moved == pytest.approx((low * scale + shift, high * scale + shift), abs=1e-6)


def test_run_ids_to_decide():
    clear, hazy = np.arange(1.0, 6.0), np.array([3.0, -2.0, 4.0, -1.0, 2.5, -2.2])
    assert more_runs(clear, 0.05) == math.ceil((1.959964 + 0.841621) ** 2 / 0.75) - 5
    assert more_runs(hazy, 0.05) > more_runs(clear, 0.05)
    assert more_runs(clear, 1e-9) >= least_pairs(1e-9) - 5
    assert more_runs(np.array([1.0, -1.0]), 0.05) is None
    assert more_runs(np.zeros(5), 0.05) is None


def test_nemenyi_is_demsars_table():
    # q of Demsar (2006), table 5 (a), for 2, 5 and 10 classifiers.
    for methods, quantile in ((2, 1.960), (5, 2.728), (10, 3.164)):
        expected = quantile * math.sqrt(methods * (methods + 1) / (6 * 14))
        assert critical_difference(methods, 14) == pytest.approx(expected, abs=2e-3)


def test_cliques_are_maximal():
    def spans(*ranks):
        return cliques(Friedman(9, list("abcd")[: len(ranks)], ranks, 0, 0, 1.0))

    assert spans(1, 1.5, 2.2, 4) == [(0, 1), (1, 2)]
    assert spans(1, 1.3, 1.6, 1.9) == [(0, 3)]
    assert spans(1, 3, 5) == []


def test_bands():
    curves = np.tile(np.linspace(1, 0, 5), (6, 1)) + np.arange(6)[:, None]
    curves[:4, 0] = np.inf
    found = band(curves, "median")
    assert math.isnan(found.centre[0])
    assert found.centre[1:] == pytest.approx(np.median(curves[:, 1:], axis=0))
    assert (found.low[1:] <= found.centre[1:]).all() and (found.centre[1:] <= found.high[1:]).all()
    assert interquartile_mean(np.arange(8.0)[:, None]) == pytest.approx([3.5])
    assert np.isnan(band(curves[4:5], "iqm").low).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=30))
def test_resource_is_counted_as_it_is_spent(reports):
    trials, levels = (np.array(values, dtype=float) for values in zip(*reports, strict=True))
    last: dict[int, int] = {}
    expected = []
    for trial, level in reports:
        before = last.get(trial, 0)
        expected.append(level - before if level >= before else level)
        last[trial] = level
    assert _increments(trials, levels).tolist() == expected
