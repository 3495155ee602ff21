import math
from statistics import NormalDist

import numpy as np
import pytest

from harness.gp.acquisition import log_cumulative, log_expected_improvement, log_h, log_probability_below


@pytest.mark.parametrize(("mean", "sd", "best"), [(0.3, 0.5, 0.1), (-1.0, 0.2, 0.0), (2.0, 0.4, 0.0)])
def test_it_is_the_logarithm_of_the_integral(mean: float, sd: float, best: float) -> None:
    f = np.linspace(mean - 12 * sd, best, 400_001)
    density = np.exp(-0.5 * ((f - mean) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
    integral = np.sum((best - f) * density) * (f[1] - f[0])
    value, _, _ = log_expected_improvement(np.array([mean]), np.array([sd**2]), best)
    assert math.exp(value[0]) == pytest.approx(integral, rel=1e-4)


def test_the_two_formulas_meet_where_they_change() -> None:
    value, ratio = log_h(np.array([-10.0, np.nextafter(-10.0, -11.0)]))
    assert value[0] == pytest.approx(value[1], rel=1e-12)
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-12)


def test_the_far_tail_follows_its_asymptotic_law() -> None:
    z = np.array([-1e3, -1e8])
    expected = -0.5 * z * z - 0.5 * math.log(2 * math.pi) - 2 * np.log(-z)
    np.testing.assert_allclose(log_h(z)[0], expected, rtol=1e-10)


@pytest.mark.parametrize("limit", [1.0, -0.5, -8.0])
def test_the_probability_below_is_the_normal_one(limit: float) -> None:
    value, by_mean, by_var = log_probability_below(np.array([0.2]), np.array([0.25]), np.array([limit]))
    assert math.exp(value[0]) == pytest.approx(NormalDist(0.2, 0.5).cdf(limit), rel=1e-9)
    for slope, mean, var in ((by_mean, 1e-6, 0.0), (by_var, 0.0, 1e-6)):
        at = [(np.array([0.2 + side * mean]), np.array([0.25 + side * var])) for side in (1, -1)]
        up, down = (log_probability_below(*each, np.array([limit])) for each in at)
        assert slope[0] == pytest.approx((up[0][0] - down[0][0]) / 2e-6, rel=1e-5)


def test_the_formulas_of_the_cumulative_meet_where_they_change_and_reach_far() -> None:
    value, ratio = log_cumulative(np.array([-10.0, np.nextafter(-10.0, -11.0), -1e8]))
    assert value[0] == pytest.approx(value[1], rel=1e-12) and ratio[0] == pytest.approx(ratio[1], rel=1e-11)
    assert value[2] == pytest.approx(-0.5e16) and ratio[2] == pytest.approx(1e8)
