"""Every analytic gradient against central differences."""

import numpy as np
import pytest

from harness.gp.acquisition import log_expected_improvement, log_h
from harness.gp.chain import Chain
from harness.gp.kernels import KERNELS
from tests.unit.gp.data import THETA, basis_of, losses, objective, points, posterior, slopes


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("count", [1, 2, 12, 40])
def test_likelihood(kernel: str, above: bool, count: int) -> None:
    function = objective(kernel, count, above)
    _, gradient = function(THETA)
    np.testing.assert_allclose(gradient, slopes(lambda theta: function(theta)[0], THETA), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_slope(kernel: str) -> None:
    distance = np.array([1e-3, 0.1, 1.0, 7.0])
    _, slope = KERNELS[kernel](distance)
    numeric = [slopes(lambda d: KERNELS[kernel](d)[0][0], distance[i : i + 1])[0] for i in range(4)]
    np.testing.assert_allclose(slope, -np.array(numeric), rtol=1e-5)


@pytest.mark.parametrize("pending", [0, 2])
def test_prediction_and_log_expected_improvement_at_the_upper_level(pending: int) -> None:
    X = points(9)
    upper = points(5, seed=0)
    low, high = posterior(X, losses(X), basis_of(9, False)), posterior(upper, 2 * losses(upper), basis_of(5, True))
    chain = Chain([low, high]).extended([points(pending, 7), points(pending, 8)])
    x = points(1, seed=3)[0]

    def value(row):
        at = chain.predict(row[None], 1)
        return np.concatenate((at.mean, at.var, log_expected_improvement(at.mean, at.var, -0.2)[0]))

    at = chain.predict(x[None], 1, gradients=True)
    _, by_mean, by_var = log_expected_improvement(at.mean, at.var, -0.2)
    numeric = slopes(value, x)
    np.testing.assert_allclose(at.mean_gradient[0], numeric[:, 0], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(at.var_gradient[0], numeric[:, 1], rtol=1e-5, atol=1e-8)
    whole = by_mean * at.mean_gradient[0] + by_var * at.var_gradient[0]
    np.testing.assert_allclose(whole, numeric[:, 2], rtol=1e-5, atol=1e-7)


def test_differences_to_a_row() -> None:
    X = points(9)
    chain = Chain([posterior(X, losses(X), basis_of(9, False))]).extended([points(2, 7)]).relative_to(4)
    x = points(1, seed=3)[0]
    at = chain.predict(x[None], 0, gradients=True)

    def value(row):
        at = chain.predict(row[None], 0)
        return np.concatenate((at.mean, at.var))

    numeric = slopes(value, x)
    np.testing.assert_allclose(at.mean_gradient[0], numeric[:, 0], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(at.var_gradient[0], numeric[:, 1], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("z", [-300.0, -40.0, -10.5, -10.0, -9.99, -5.0, -1.0, 0.0, 2.0, 50.0])
def test_log_h_derivative(z: float) -> None:
    step = 1e-5 * max(1.0, abs(z))
    value, ratio = log_h(np.array([z - step, z, z + step]))
    assert ratio[1] == pytest.approx((value[2] - value[0]) / (2 * step), rel=1e-6)
