"""Fast posteriors against naive ones that invert dense matrices."""

import numpy as np
import pytest

from harness.gp.chain import Chain
from harness.gp.likelihood import NOISE_FLOOR, Prior
from harness.gp.moments import Processes
from tests.unit.gp.data import THETA, basis_of, dense_correlation, losses, points, posterior

NOISE = float(np.exp(THETA[-1])) + NOISE_FLOOR


def fixed_mean(beta: list[float]) -> Prior:
    """A prior that all but fixes the linear part."""
    count = len(beta)
    return Prior(np.zeros(4), np.ones(4), 1.0, 1.0, np.array(beta), np.full(count, 1e12))


def test_moments_equal_generalised_least_squares_by_dense_inverse() -> None:
    X, new = points(15), points(6, seed=5)
    y, ones = losses(X), np.ones(15)
    inverse = np.linalg.inv(dense_correlation(X, X) + NOISE * np.eye(15))
    mean = (ones @ inverse @ y) / (ones @ inverse @ ones)
    s2 = ((y - mean) @ inverse @ (y - mean) + 2) / (15 + 2)
    k = dense_correlation(new, X)
    model = posterior(X, y, ones[:, None])
    at = Chain([model]).predict(new, 0)
    np.testing.assert_allclose(at.mean, mean + k @ inverse @ (y - mean), rtol=1e-9)
    np.testing.assert_allclose(at.var, s2 * (1 - np.einsum("ij,jk,ik->i", k, inverse, k)), rtol=1e-8)
    np.testing.assert_allclose(model.fitted, Chain([model]).predict(X, 0).mean, rtol=1e-8)


def test_pending_rows_count_as_observed_at_their_mean() -> None:
    X, waiting, new = points(10), points(3, seed=4), points(6, seed=5)
    model = posterior(X, losses(X), np.ones((10, 1)), fixed_mean([0.2]))
    believed = Chain([model]).predict(waiting, 0).mean
    both = np.vstack((X, waiting))
    refitted = posterior(both, np.concatenate((losses(X), believed)), np.ones((13, 1)), fixed_mean([0.2]))
    grown = Chain([model]).extended([waiting]).predict(new, 0)
    exact = Chain([refitted]).predict(new, 0)
    np.testing.assert_allclose(grown.mean, exact.mean, rtol=1e-8)
    # The signal variance is that of the data alone.
    np.testing.assert_allclose(grown.var / model.s2, exact.var / refitted.s2, rtol=1e-8)
    assert (grown.var < Chain([model]).predict(new, 0).var).all()


@pytest.mark.parametrize("row", [0, 8, 11])
def test_differences_to_a_row_have_the_variance_of_the_joint_process(row: int) -> None:
    """The row may be one that is pending."""
    X, waiting, new = points(10), points(2, seed=4), points(6, seed=5)
    model = posterior(X, losses(X), np.ones((10, 1)))
    grown = Chain([model]).extended([waiting])
    at = grown.relative_to(row).predict(new, 0)
    both = np.vstack((X, waiting))
    every = np.vstack((new, both[row]))
    inverse = np.linalg.inv(dense_correlation(both, both) + NOISE * np.eye(12))
    k = dense_correlation(every, both)
    covariance = model.s2 * (dense_correlation(every, every) - k @ inverse @ k.T)
    expected = np.diag(covariance)[:-1] + covariance[-1, -1] - 2 * covariance[:-1, -1]
    np.testing.assert_allclose(at.var, expected, rtol=1e-8)
    np.testing.assert_array_equal(at.mean, grown.predict(new, 0).mean)


def test_a_chain_equals_the_joint_process_over_both_levels() -> None:
    """Nested data, noise nearly none: f_1 = rho f_0 + m + delta, all rows of both levels in one dense matrix."""
    X, rho, offset = points(12), 0.7, 0.4
    upper = X[:5]
    low, high = losses(X), 0.7 * losses(upper) + 0.4 + 0.1 * np.cos(5 * upper[:, 0])
    theta = np.array([-0.4, 0.3, 0.1, -30.0])
    models = [
        posterior(X, low, np.ones((12, 1)), fixed_mean([0.1]), theta),
        posterior(upper, high, np.column_stack((np.ones(5), low[:5])), fixed_mean([offset, rho]), theta),
    ]
    s0, s1 = (model.s2 for model in models)
    new = points(4, seed=9)

    def cov(A, level_a, B, level_b):
        base = s0 * dense_correlation(A, B, theta) * rho ** (level_a + level_b)
        return base + (s1 * dense_correlation(A, B, theta) if level_a and level_b else 0.0)

    K = np.block([[cov(X, 0, X, 0), cov(X, 0, upper, 1)], [cov(upper, 1, X, 0), cov(upper, 1, upper, 1)]])
    k = np.hstack((cov(new, 1, X, 0), cov(new, 1, upper, 1)))
    residual = np.concatenate((low - 0.1, high - (offset + rho * 0.1)))
    solved = np.linalg.solve(K, k.T)
    at = Chain(models).predict(new, 1)
    np.testing.assert_allclose(at.mean, offset + rho * 0.1 + solved.T @ residual, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(at.var, np.diag(cov(new, 1, new, 1) - k @ solved), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize(
    "kernels", [["matern52"] * 3, ["rbf", "matern52", "matern52"], ["matern52", "rbf", "matern52"]]
)
def test_processes_have_the_same_moments_side_by_side_as_alone(kernels: list[str], gradients: bool) -> None:
    models = []
    for count, kernel in zip((14, 5, 1), kernels, strict=True):
        X = points(count, seed=count)
        theta = np.array([0.1 * count - 1, 0.3, -0.05 * count, -3.0])
        models.append(posterior(X, losses(X), np.ones((count, 1)), theta=theta, kernel=kernel))
    new = points(20_000 if not gradients else 7, seed=5)  # more than one block of rows
    together = Processes(models).moments(new, gradients)
    for index, model in enumerate(models):
        alone, own = Processes([model]).moments(new, gradients)[0], together[index]
        for one, other in zip(vars(alone).values(), vars(own).values(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("repeats", [2, 30])
def test_equal_rows_do_not_break_it(repeats: int) -> None:
    X = np.repeat(points(3), repeats, axis=0)
    at = Chain([posterior(X, losses(X), basis_of(len(X), False))]).predict(points(4, seed=2), 0)
    assert np.isfinite(at.mean).all() and (at.var > 0).all()
