"""The two optimisers on functions whose optimum is known."""

import numpy as np
import pytest

from harness.gp.ascent import ascend
from harness.gp.minimise import minimise


def rosenbrock(x):
    a, b = x
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])


def test_bfgs_finds_the_end_of_a_bent_valley() -> None:
    found = minimise(rosenbrock, np.array([-1.2, 1.0]), tolerance=1e-10, max_evaluations=200)
    np.testing.assert_allclose(found.x, [1, 1], atol=1e-3)
    assert found.evaluations < 80
    again = minimise(rosenbrock, found.x + 0.01, found.inverse_hessian, tolerance=1e-10, max_evaluations=200)
    assert again.evaluations < found.evaluations


def test_bfgs_keeps_to_its_evaluations_and_never_goes_up() -> None:
    found = minimise(rosenbrock, np.array([-1.2, 1.0]), tolerance=0.0, max_evaluations=7)
    assert found.evaluations <= 7 and found.value <= rosenbrock([-1.2, 1.0])[0]


def test_bfgs_steps_back_from_where_the_function_is_not_finite() -> None:
    def function(x):
        return (float(x[0] ** 2 - np.log(x[0])), 2 * x - 1 / x) if x[0] > 0 else (np.inf, x)

    assert minimise(function, np.array([3.0]), tolerance=1e-9, max_evaluations=60).x[0] == pytest.approx(
        2**-0.5, abs=1e-3
    )


def test_ascent_finds_inner_and_border_maxima_of_all_rows() -> None:
    peak = np.array([0.3, 1.4, -0.2])

    def function(x):
        weights = np.array([1.0, 5.0, 30.0])
        return -(weights * (x - peak) ** 2).sum(axis=1), -2 * weights * (x - peak)

    starts = np.random.default_rng(0).random((7, 3))
    found, value = ascend(function, starts, 40)
    np.testing.assert_allclose(found, np.tile([0.3, 1.0, 0.0], (7, 1)), atol=1e-3)
    assert (value >= function(starts)[0]).all()


def test_ascent_stops_when_told() -> None:
    calls = []

    def function(x):
        calls.append(1)
        return -(x**2).sum(axis=1), -2 * x

    starts = np.full((2, 2), 0.9)
    found, _ = ascend(function, starts, 40, stop=lambda: True)
    assert len(calls) == 1 and np.array_equal(found, starts)
