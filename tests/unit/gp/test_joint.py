"""Processes over (configuration, resource): against dense formulas, and gradients against central differences."""

import numpy as np
import pytest

from harness.gp.curve_models import ExpDecayCurves, StateSpaceCurves
from harness.gp.curves import Curves, CurvesObjective
from harness.gp.fit import prior
from harness.gp.joint import Joint, JointObjective, Reports, columns_of, joint_prior
from harness.gp.likelihood import NOISE_FLOOR, profile
from harness.gp.linalg import cholesky_of, log_determinant
from harness.gp.resource_kernels import RESOURCE_KERNELS, FreezeThaw
from tests.unit.gp.data import METRIC, THETA, dense_correlation, losses, points, slopes

RESOURCES = np.array([1.0, 2.0, 3.0, 6.0, 9.0])
CURVE_MODELS = {
    "expdecay": ExpDecayCurves(normalize=True),
    "expdecay, raw": ExpDecayCurves(normalize=False),
    "issm": StateSpaceCurves(unit_gain=False),
    "issm, gamma one": StateSpaceCurves(unit_gain=True),
}


def reports(trials: int = 8, seed: int = 0) -> Reports:
    """Curves of different lengths, shuffled as workers would; one trial skips a level."""
    generator = np.random.default_rng(seed)
    rows = [(i, at) for i in range(trials) for at in range(1 + i % 5) if (i, at) != (3, 1)]
    trial, level = np.array([rows[i] for i in generator.permutation(len(rows))]).T
    X = points(trials, seed)
    y = losses(X)[trial] + RESOURCES[level] ** -0.7 + 0.05 * generator.normal(size=len(trial))
    return Reports(X[trial], y - y.mean(), trial, level, RESOURCES)


def pending(trials: int = 8) -> Reports:
    """The next report of two running trials, and the first of a new one."""
    X = points(trials, 0)
    return Reports(
        np.vstack((X[[1, 2]], points(1, 9))), np.zeros(3), np.array([1, 2, 50]), np.array([2, 3, 0]), RESOURCES
    )


def theta_of(model) -> np.ndarray:
    generator = np.random.default_rng(2)
    return np.concatenate((THETA, model.start + 0.3 * generator.normal(size=len(model.start))))


def joint_prior_of(model, columns: int = 2):
    return joint_prior(prior(METRIC, above=False), model, columns)


@pytest.mark.parametrize("name", RESOURCE_KERNELS)
def test_the_slopes_of_a_resource_kernel(name: str) -> None:
    kernel = RESOURCE_KERNELS[name]
    phi = theta_of(kernel)[len(THETA) :]
    for field in ("A", "B", "C", "E", "mean"):
        if getattr(kernel.parts(phi, RESOURCES), field) is None:
            assert all(getattr(part, field) is None for part in kernel.slopes(phi, RESOURCES))
            continue
        numeric = slopes(lambda at, f=field: getattr(kernel.parts(at, RESOURCES), f), phi)
        for part, expected in zip(kernel.slopes(phi, RESOURCES), numeric, strict=True):
            given = getattr(part, field)
            np.testing.assert_allclose(np.zeros_like(expected) if given is None else given, expected, atol=1e-7)


@pytest.mark.parametrize("name", RESOURCE_KERNELS)
def test_the_gradient_of_the_joint_likelihood(name: str) -> None:
    kernel = RESOURCE_KERNELS[name]
    objective = JointObjective(reports(), kernel, METRIC, joint_prior_of(kernel, columns_of(kernel)))
    theta = theta_of(kernel)
    _, gradient = objective(theta)
    np.testing.assert_allclose(gradient, slopes(lambda at: objective(at)[0], theta), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CURVE_MODELS)
def test_the_gradient_of_the_curves_likelihood(name: str) -> None:
    model = CURVE_MODELS[name]
    objective = CurvesObjective(reports(), model, METRIC, joint_prior_of(model))
    theta = theta_of(model)
    _, gradient = objective(theta)
    np.testing.assert_allclose(gradient, slopes(lambda at: objective(at)[0], theta), rtol=1e-4, atol=1e-5)


def dense(model, data: Reports, theta: np.ndarray):
    """Covariance of all reports and basis, pair by pair."""
    noise = float(np.exp(theta[len(THETA) - 1])) + NOISE_FLOOR
    shape = model.shape(theta[len(THETA) :], noise, RESOURCES)
    same = data.trial[:, None] == data.trial
    K = dense_correlation(data.X, data.X, theta[: len(THETA)]) + same * (
        shape.C[np.ix_(data.level, data.level)] + NOISE_FLOOR
    )
    return K, np.column_stack((np.ones(len(data)), shape.p[data.level])), shape


@pytest.mark.parametrize("name", CURVE_MODELS)
def test_reduced_curves_are_the_dense_model(name: str) -> None:
    """Likelihood up to its prior, predictions and fitted values, without any reduction."""
    model, data, theta = CURVE_MODELS[name], reports(), theta_of(CURVE_MODELS[name])
    own = joint_prior_of(model)
    K, F, shape = dense(model, data, theta)
    factor, _ = cholesky_of(K)
    best = profile(factor, data.y, F, own)
    offset = (theta - own.theta_mean) / own.theta_sd
    expected = best.log_term + 0.5 * log_determinant(factor) + 0.5 * offset @ offset
    assert CurvesObjective(data, model, METRIC, own)(theta)[0] == pytest.approx(expected, rel=1e-9)

    given, new = pending(), points(4, 3)
    curves = Curves(data, given, model, METRIC, own, theta)
    k = dense_correlation(new, data.X, theta[: len(THETA)])
    every = data.joined(given)
    larger, _, _ = dense(model, every, theta)
    cross = dense_correlation(new, every.X, theta[: len(THETA)])
    for level in range(len(RESOURCES)):
        at = curves.surface.predict(new, level)
        mean = best.beta @ [1.0, shape.p[level]] + k @ best.alpha
        var = best.s2 * (1 + shape.variance[level] - np.einsum("ij,ij->i", cross, np.linalg.solve(larger, cross.T).T))
        np.testing.assert_allclose(at.mean, mean, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(at.var, var, rtol=1e-6)
    same = every.trial[:, None] == data.trial
    latent = dense_correlation(every.X, data.X, theta[: len(THETA)]) + same * (
        shape.latent[np.ix_(every.level, data.level)] + NOISE_FLOOR
    )
    fitted = latent @ best.alpha + np.column_stack((np.ones(len(every)), shape.p[every.level])) @ best.beta
    np.testing.assert_allclose(curves.fitted, fitted, rtol=1e-7, atol=1e-9)


def test_expdecay_curves_are_the_joint_model_with_the_freeze_thaw_kernel() -> None:
    model, kernel = ExpDecayCurves(normalize=True), FreezeThaw()
    theta, own = theta_of(kernel), joint_prior_of(kernel)
    one, other = (
        Maker(reports(), pending(), each, METRIC, own, theta) for Maker, each in ((Curves, model), (Joint, kernel))
    )
    np.testing.assert_allclose(one.fitted, other.fitted, rtol=1e-5)
    for level in range(len(RESOURCES)):
        first, second = (made.surface.predict(points(5, 4), level) for made in (one, other))
        np.testing.assert_allclose(first.mean, second.mean, rtol=1e-5)
        np.testing.assert_allclose(first.var, second.var, rtol=1e-5)


@pytest.mark.parametrize("name", RESOURCE_KERNELS)
def test_joint_predictions_are_those_of_the_dense_formula_with_their_gradients(name: str) -> None:
    kernel, data, given = RESOURCE_KERNELS[name], reports(), pending()
    theta, own = theta_of(kernel), joint_prior_of(kernel, columns_of(kernel))
    joint = Joint(data, given, kernel, METRIC, own, theta)
    parts = kernel.parts(theta[len(THETA) :], RESOURCES)

    def covariance(a: Reports, b: Reports) -> np.ndarray:
        K = np.empty((len(a), len(b)))
        for i in range(len(a)):
            for j in range(len(b)):
                r, s = a.level[i], b.level[j]
                D = -2 * np.log(_rbf(a.X[i], b.X[j])) + (0.0 if parts.E is None else parts.E[r, s])
                root = np.sqrt(5 * D)
                K[i, j] = parts.A[r, s] * (1 + root + root**2 / 3) * np.exp(-root)
                K[i, j] += 0.0 if parts.B is None else parts.B[r, s]
                K[i, j] += 0.0 if parts.C is None or a.trial[i] != b.trial[j] else parts.C[r, s]
        return K

    noise = float(np.exp(THETA[-1])) + NOISE_FLOOR
    F = np.column_stack((np.ones(len(data)), *([] if parts.mean is None else [parts.mean[data.level]])))
    best = profile(cholesky_of(covariance(data, data) + noise * np.eye(len(data)))[0], data.y, F, own)
    every = data.joined(given)
    x = points(1, 5)
    new = Reports(x, np.zeros(1), np.array([99]), np.array([3]), RESOURCES)
    cross = covariance(new, every)
    explained = cross @ np.linalg.solve(covariance(every, every) + noise * np.eye(len(every)), cross.T)
    at = joint.surface.predict(x, 3, gradients=True)
    mean = best.beta @ [1.0, *([] if parts.mean is None else [parts.mean[3]])] + cross[0, : len(data)] @ best.alpha
    assert at.mean[0] == pytest.approx(mean, rel=1e-8)
    assert at.var[0] == pytest.approx(best.s2 * (covariance(new, new) - explained)[0, 0], rel=1e-6)

    def moments(row):
        there = joint.surface.predict(row[None], 3)
        return np.array([there.mean[0], there.var[0]])

    numeric = slopes(moments, x[0])
    np.testing.assert_allclose(at.mean_gradient[0], numeric[:, 0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(at.var_gradient[0], numeric[:, 1], rtol=1e-4, atol=1e-7)


def _rbf(a: np.ndarray, b: np.ndarray) -> float:
    scale = np.exp(-2 * THETA[:3])
    differs = float(not np.array_equal(a[2:], b[2:]))
    return float(np.exp(-0.5 * (scale[:2] @ (a[:2] - b[:2]) ** 2 + scale[2] * differs)))
