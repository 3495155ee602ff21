import numpy as np
import pytest

from harness.gp.targets import NormalScores, Standard, clean, keep


def test_what_is_no_number_becomes_the_worst_seen() -> None:
    np.testing.assert_array_equal(clean(np.array([1.0, np.nan, 3.0, np.inf, -np.inf, 2.0])), [1, 3, 3, 3, 3, 2])
    np.testing.assert_array_equal(clean(np.full(3, np.nan)), np.zeros(3))


def test_a_diverged_value_does_not_set_the_scale() -> None:
    values = np.concatenate((np.linspace(0, 1, 20), [1e30]))
    cleaned = clean(values)
    np.testing.assert_array_equal(cleaned[:20], values[:20])
    assert 1 < cleaned[20] < 20


def test_a_rare_good_value_among_equal_ones_is_kept() -> None:
    values = np.array([0.9] * 20 + [0.2, 0.95])
    np.testing.assert_array_equal(clean(values), values)


@pytest.mark.parametrize("huge", [1e200, 1.7e308])
def test_numbers_near_the_end_of_the_range_stay_usable(huge: float) -> None:
    cleaned = clean(np.array([-huge, 0.0, huge, huge, -huge]))
    assert np.isfinite(cleaned.std())


@pytest.mark.parametrize("warped", [False, True])
def test_targets_are_standard_ascending_and_their_slope_is_told(warped: bool) -> None:
    losses = np.sort(np.random.default_rng(0).gamma(0.5, 1e4, size=60))
    scale = Standard.of(losses, warped=warped)
    targets = scale(losses)
    assert (np.diff(targets) > 0).all() and (warped == np.isfinite(scale.knee))
    np.testing.assert_allclose([targets.mean(), targets.std()], [0, 1], atol=1e-12)
    slope = np.log((scale(losses + 1e-3) - targets) / 1e-3)
    assert scale.log_slope(losses) == pytest.approx(slope.sum(), rel=1e-5)


@pytest.mark.parametrize(
    "losses", [np.full(9, 3.0), np.array([1.0] * 6 + [5.0] * 3), np.array([0.0] + [1e-300] * 5 + [1e100])]
)
def test_without_a_median_apart_from_the_best_there_is_no_warp(losses) -> None:
    scale = Standard.of(losses, warped=True)
    assert np.isinf(scale.knee) and np.isfinite(scale(np.array([-1e100, 0.0, np.nan, 1e100]))).all()


def test_the_best_are_never_left_out() -> None:
    values = np.random.default_rng(0).normal(size=500)
    kept = keep(values, np.arange(500.0), 40, 0.25)
    assert len(kept) == len(set(kept)) == 40
    assert set(np.argsort(values)[:10]) <= set(kept)
    np.testing.assert_array_equal(keep(values[:30], np.arange(30.0), 40, 0.25), np.arange(30))


def test_one_more_row_changes_the_choice_little() -> None:
    generator = np.random.default_rng(0)
    values, priority = generator.normal(size=501), generator.random(501)
    before, after = set(keep(values[:500], priority[:500], 40, 0.25)), set(keep(values, priority, 40, 0.25))
    assert len(before - after) <= 2


def test_normal_scores_depend_on_the_order_alone() -> None:
    losses = np.array([3.0, np.nan, -1.0, 3.0, 1e200, np.inf])
    scores = NormalScores.of(losses)(losses)
    np.testing.assert_array_equal(
        scores, NormalScores.of(np.array([5.0, 9.0, 4.0, 5.0, 9.0, 9.0]))(np.array([5.0, 9, 4, 5, 9, 9]))
    )
    assert scores[2] < scores[0] == scores[3] < scores[1] == scores[4] == scores[5]
    normal = NormalScores.of(np.random.default_rng(0).gamma(0.1, size=2000))
    assert normal.scores.mean() == pytest.approx(0, abs=1e-9) and normal.scores.std() == pytest.approx(1, abs=0.01)


def test_normal_scores_of_other_losses_stay_within_those_that_set_the_scale() -> None:
    scale = NormalScores.of(np.array([1.0, 2.0, 4.0]))
    low, middle, between, high, worst = scale(np.array([-1e9, 2.0, 3.0, 1e9, np.nan]))
    assert low == -high == -worst and middle == pytest.approx(0) and between == pytest.approx(high / 2)
    np.testing.assert_array_equal(NormalScores.of(np.empty(0))(np.ones(2)), np.zeros(2))
