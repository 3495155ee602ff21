import numpy as np
import pytest

from harness.gp.fit import Fitter, Kind, start_of
from harness.gp.rows import Limit, Rows
from tests.unit.gp.data import METRIC, losses, points

LIMIT = Limit(60, 0.25)


def rows(count: int, noise: float = 0.0, seed: int = 0) -> Rows:
    X = points(count, seed)
    y = losses(X) + noise * np.random.default_rng(1).normal(size=count)
    return Rows(X, y, np.empty(0), np.arange(count, dtype=float))


def fitter(**options) -> Fitter:
    return Fitter(METRIC, LIMIT, above=False, **options)


def test_starting_points_lie_close_below_and_are_fixed() -> None:
    starts = {start_of(count) for count in range(1, 1025)}
    for count in range(9, 1025):
        if count & (count - 1):
            assert count * (8 / 9 if count <= 256 else 4 / 5) - 1 <= start_of(count) < count
            assert start_of(count) in starts
    assert [start_of(count) for count in (8, 64, 512)] == [0, 0, 0]


@pytest.mark.parametrize("kernel", ["auto", "matern52", "rbf"])
def test_a_fresh_fit_ends_where_one_that_saw_the_rows_come_ends(kernel: str) -> None:
    data = rows(75)
    old = fitter(kernel=kernel)
    for count in range(1, 76):
        seen = old.parameters(data.take(slice(count)))
        if count % 15 == 0:
            fresh = fitter(kernel=kernel).parameters(data.take(slice(count)))
            assert fresh.kind == seen.kind and np.array_equal(fresh.theta, seen.theta)


def test_it_climbs_and_the_warm_start_saves_evaluations() -> None:
    data, it = rows(33), fitter(kernel="matern52")
    found = it.parameters(data)
    objective = it._objective(Kind("matern52"), data)
    value, gradient = objective(found.theta)
    assert value < objective(it.prior.theta_mean)[0] - 1
    assert np.abs(gradient).max() < 1.0
    warm, cold = (it._memory[(Kind("matern52"), data.take(slice(count)).digest)] for count in (33, 32))
    assert warm.evaluations < cold.evaluations


def test_noise_and_irrelevance_are_found() -> None:
    X = points(50)
    for noise in (0.0, 0.3):
        y = np.sin(5 * X[:, 0]) + noise * np.random.default_rng(2).normal(size=50)
        found = fitter(kernel="matern52").parameters(Rows(X, y, np.empty(0), np.arange(50.0))).theta
        assert found[1] > found[0] + 0.5
        assert (found[-1] > np.log(0.01)) == (noise > 0)


def test_auto_takes_the_likelier_kernel() -> None:
    smooth = rows(40)
    rough = Rows(smooth.X, np.abs(smooth.y - np.median(smooth.y)) ** 0.5, smooth.lower, smooth.priority)
    assert fitter().parameters(smooth).kind.kernel == "rbf"
    assert fitter().parameters(rough).kind.kernel == "matern52"


def test_targets_are_warped_where_losses_clearly_favour_it() -> None:
    smooth = rows(40)
    skewed = Rows(smooth.X, np.exp(5 * smooth.y), smooth.lower, smooth.priority)
    assert fitter(targets=("plain", "warped")).parameters(skewed).kind.targets == "warped"
    assert fitter(targets=("plain", "warped")).parameters(smooth).kind.targets == "plain"
    assert fitter().parameters(skewed).kind.targets == "plain"


def test_many_rows_are_not_fitted_at_each_new_one(monkeypatch) -> None:
    counts: list[int] = []
    it = Fitter(METRIC, Limit(800, 0.25), above=False, kernel="matern52")
    real = it._objective
    monkeypatch.setattr(it, "_objective", lambda kind, data: counts.append(len(data)) or real(kind, data))
    data = rows(700)
    it.parameters(data.take(slice(640)))
    assert max(counts) == 500
    del counts[:]
    it.parameters(data.take(slice(647)))
    assert not counts
    it.parameters(data.take(slice(648)))
    assert counts


def test_beyond_a_length_only_each_nth_row_leads_to_a_fit() -> None:
    data = rows(40)
    lazy, eager = fitter(every_until=20, period=8), fitter()
    assert np.array_equal(lazy.parameters(data.take(slice(39))).theta, eager.parameters(data.take(slice(32))).theta)
    assert np.array_equal(lazy.parameters(data.take(slice(19))).theta, eager.parameters(data.take(slice(19))).theta)


def test_in_a_hurry_the_last_start_serves() -> None:
    data = rows(35)
    hurried = fitter().parameters(data, hurry=lambda: True)
    assert np.array_equal(hurried.theta, fitter().parameters(data.take(slice(32))).theta)


@pytest.mark.parametrize("y", [np.zeros(20), np.full(20, 1e30), np.full(20, np.nan), np.array([1e30] + [1.0] * 19)])
def test_targets_without_information_leave_the_prior(y) -> None:
    X = points(20)
    theta = fitter().parameters(Rows(X, y, np.empty(0), np.arange(20.0))).theta
    assert np.isfinite(theta).all()
