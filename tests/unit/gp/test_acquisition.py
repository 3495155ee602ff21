import math

import numpy as np
import pytest

from harness.gp.acquisition import log_expected_improvement, log_h


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
