"""Additive learning curve models: y_i(r) = g(x_i) + beta_1 p(r) + u_i(r), independent u_i for each trial i.

g is a Gaussian process over configurations (Matern 5/2), p the shape of the mean curve. u_i holds the reports' noise
and has a covariance C(r, s) of its own over the levels of one trial. Given g the trials are independent, so a curve of
T_i reports tells of g(x_i) what one value t_i with variance 1 / lambda_i does,

    w_i = C_i^-1 1,    lambda_i = 1^T w_i,    t_i = w_i^T y_i / lambda_i,

and the likelihood is that of n values, one for each trial, times what the curves say of C and p alone: no matrix of all
reports, hence no limit to their number. C_i depends on the levels of a curve only and is factored once for each set of
levels that occurs. The choices of C and p are in
`gp/curve_models.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harness.gp.curve_models import CurveModel, Shape
from harness.gp.joint import Reports, squared_differences
from harness.gp.kernels import matern52, squared_distances
from harness.gp.likelihood import NOISE_FLOOR, Metric, Prior
from harness.gp.linalg import Array, cholesky_of, inverse, inverse_factor, log_determinant, solve
from harness.gp.surface import Level, Surface


class Grouped:
    """Reports, trial by trial.

    Attributes:
        X: (n, d) configurations, one for each trial.
        groups: for each set of levels that occurs: the levels (t,), the trials (k,) that have them, targets (t, k).
        trials: (n,) their numbers in the reports.
    """

    def __init__(self, reports: Reports) -> None:
        self.reports = reports
        self.trials, first = np.unique(reports.trial, return_index=True)
        self.X = reports.X[first]
        order = np.lexsort((reports.level, reports.trial))
        bounds = np.searchsorted(reports.trial[order], [*self.trials, np.inf])
        found: dict[bytes, list[int]] = {}
        rows = [order[low:high] for low, high in pairwise(bounds)]
        for number, own in enumerate(rows):
            found.setdefault(reports.level[own].tobytes(), []).append(number)
        self.groups = [
            (reports.level[rows[members[0]]], np.array(members), reports.y[np.array([rows[i] for i in members])].T)
            for members in found.values()
        ]


class Reduced:
    """Curves reduced to one value for each trial, and what that leaves out (see the head of the module).

    Attributes:
        precision: (n,) lambda; `t` (n,), `basis` (n, 2) the reduced targets and columns of the mean.
        yy, Fy, FF: the rest of y^T K^-1 y, F^T K^-1 y, F^T K^-1 F.
        log_determinant: the rest of log |K|.
    """

    def __init__(self, data: Grouped, shape: Shape) -> None:
        n = len(data.X)
        self.precision, self.t, self.basis = np.empty(n), np.empty(n), np.empty((n, 2))
        self.yy, self.Fy, self.FF, self.log_determinant = 0.0, np.zeros(2), np.zeros((2, 2)), 0.0
        self._data, self._shape = data, shape
        self._factors = [cholesky_of(shape.C[np.ix_(levels, levels)])[0] for levels, _, _ in data.groups]
        for factor, (levels, members, y) in zip(self._factors, data.groups, strict=True):
            self._reduce(factor, self._columns(levels), members, y)

    def _columns(self, levels: Array) -> Array:
        return np.column_stack((np.ones(len(levels)), self._shape.p[levels]))

    def _reduce(self, factor: Array, F: Array, members: Array, y: Array) -> None:
        k = len(members)
        solved_F, solved_y = solve(factor, F), solve(factor, y)
        w = solved_F[:, 0]
        precision = float(w.sum())
        t, b = w @ y / precision, w @ F / precision
        self.precision[members], self.t[members], self.basis[members] = precision, t, b
        self.yy += float(np.einsum("tk,tk->", y, solved_y) - precision * (t @ t))
        self.Fy += F.T @ solved_y.sum(axis=1) - precision * b * t.sum()
        self.FF += k * (F.T @ solved_F - precision * np.multiply.outer(b, b))
        self.log_determinant += k * (log_determinant(factor) + float(np.log(precision)))

    def weights(self, beta: Array, ends: Array) -> list[Array]:
        """K^-1 (y - F beta) for each group (t, k), given the posterior means `ends` (n,) of g."""
        return [
            solve(factor, y - (self._columns(levels) @ beta)[:, None] - ends[members])
            for factor, (levels, members, y) in zip(self._factors, self._data.groups, strict=True)
        ]

    def influence(self, weights: list[Array], spread: Array, s2: float) -> tuple[Array, Array]:
        """(m, m) derivative of twice the objective by C, and (m,) sums of the weights at each level.

        Args:
            spread: (n,) diagonal of (K_x + 1/lambda)^-1.
        """
        m = len(self._shape.p)
        by_C, by_level = np.zeros((m, m)), np.zeros(m)
        for factor, (levels, members, _), own in zip(self._factors, self._data.groups, weights, strict=True):
            inverted = solve(factor, np.eye(len(levels)))
            w = inverted.sum(axis=1)
            known = self.precision[members[0]]
            shared = len(members) / known - float(spread[members].sum()) / known**2
            block = len(members) * inverted - shared * np.multiply.outer(w, w) - own @ own.T / s2
            by_C[np.ix_(levels, levels)] += block
            by_level[levels] += own.sum(axis=1)
        return by_C, by_level


@dataclass(frozen=True)
class Ends:
    """Closed-form optimum of mean and signal variance; alpha (n,) = (K_x + 1/lambda)^-1 (t - B beta)."""

    beta: Array
    alpha: Array
    s2: float
    log_term: float


def profiled(factor: Array, reduced: Reduced, count: int, prior: Prior) -> Ends:
    """As `likelihood.profile`, with what the reduction left out; `factor` of K_x + 1/lambda, `count` of reports."""
    solved = solve(factor, np.column_stack((reduced.t, reduced.basis)))
    normal = reduced.basis.T @ solved[:, 1:] + reduced.FF + np.diag(prior.beta_precision)
    right = reduced.basis.T @ solved[:, 0] + reduced.Fy + prior.beta_precision * prior.beta_mean
    beta = np.linalg.solve(normal, right)
    alpha = solved[:, 0] - solved[:, 1:] @ beta
    offset = beta - prior.beta_mean
    rest = reduced.yy - 2.0 * float(beta @ reduced.Fy) + float(beta @ reduced.FF @ beta)
    own = float((reduced.t - reduced.basis @ beta) @ alpha)
    q = max(0.0, own + rest + float(offset @ (prior.beta_precision * offset)))
    weight = count + 2.0 * prior.shape
    total = q + 2.0 * prior.rate
    return Ends(beta, alpha, total / weight, 0.5 * weight * float(np.log(total)))


class CurvesObjective:
    """Negative log posterior density of theta = (log length scales, log noise ratio, phi), up to a constant."""

    def __init__(self, reports: Reports, model: CurveModel, metric: Metric, prior: Prior) -> None:
        self._data, self._model, self._metric, self._prior = Grouped(reports), model, metric, prior

    def __call__(self, theta: Array) -> tuple[float, Array]:
        """Value and gradient (q,) at theta (q,)."""
        own, resources = self._metric.parameters, self._data.reports.resources
        noise = float(np.exp(theta[own - 1])) + NOISE_FLOOR
        reduced = Reduced(self._data, self._model.shape(theta[own:], noise, resources))
        Z = self._data.X * self._metric.scales(theta[:own])
        k, S = matern52(squared_distances(Z, Z))
        factor, _ = cholesky_of(k + np.diag(1.0 / reduced.precision + NOISE_FLOOR))
        best = profiled(factor, reduced, len(self._data.reports), self._prior)
        offset = (theta - self._prior.theta_mean) / self._prior.theta_sd
        log_terms = log_determinant(factor) + reduced.log_determinant
        value = best.log_term + 0.5 * log_terms + 0.5 * float(offset @ offset)
        gradient = offset / self._prior.theta_sd
        lower = inverse(factor)
        whole = np.tril(lower) + np.tril(lower, -1).T
        M = 0.5 * (whole - np.multiply.outer(best.alpha, best.alpha) / best.s2)
        by_column = squared_differences(M * S, Z)
        gradient[: own - 1] += 2.0 * np.bincount(self._metric.groups, by_column, minlength=own - 1)
        ends = reduced.t - reduced.basis @ best.beta - best.alpha / reduced.precision
        by_C, by_level = reduced.influence(reduced.weights(best.beta, ends), np.diag(whole), best.s2)
        slopes = self._model.slopes(theta[own:], noise, resources)
        moved = np.array([0.5 * float((by_C * by).sum()) for by, _ in slopes])
        moved[0] *= np.exp(theta[own - 1]) / noise  # the floor of the noise does not move
        lowered = [0.0 if p is None else float(by_level @ p) for _, p in slopes]
        gradient[own - 1 :] += moved - np.array(lowered) * best.beta[1] / best.s2
        return value, gradient


class Curves:
    """The model conditioned on reports, its variances also on `pending` ones, whose targets are not known yet.

    Attributes:
        surface, fitted: as in `Joint`.
    """

    def __init__(
        self, reports: Reports, pending: Reports, model: CurveModel, metric: Metric, prior: Prior, theta: Array
    ) -> None:
        own = metric.parameters
        noise = float(np.exp(theta[own - 1])) + NOISE_FLOOR
        shape = model.shape(theta[own:], noise, reports.resources)
        scales = metric.scales(theta[:own])
        data, every = Grouped(reports), Grouped(reports.joined(pending))
        reduced = Reduced(data, shape)
        best = profiled(_factor(data, reduced, scales), reduced, len(reports), prior)
        alpha = np.zeros(len(every.X))
        present = np.searchsorted(every.trials, data.trials)
        alpha[present] = best.alpha
        factor = _factor(every, Reduced(every, shape), scales)
        level_means = best.beta[0] + best.beta[1] * shape.p
        ones, nothing = np.ones(len(alpha)), np.zeros(len(alpha))
        levels = [
            Level(ones, nothing, nothing, 1.0 + float(variance), float(mean))
            for variance, mean in zip(shape.variance, level_means, strict=True)
        ]
        self.surface = Surface(every.X * scales, scales, alpha, inverse_factor(factor), best.s2, levels)
        ends = matern52(squared_distances(self.surface.Z, self.surface.Z))[0] @ alpha + NOISE_FLOOR * alpha
        carried = np.zeros((len(shape.p), len(alpha)))
        for (own_levels, members, _), weights in zip(
            data.groups, reduced.weights(best.beta, ends[present]), strict=True
        ):
            carried[:, present[members]] = shape.latent[:, own_levels] @ weights
        rows = every.reports
        trial = np.searchsorted(every.trials, rows.trial)
        self.fitted = ends[trial] + level_means[rows.level] + carried[rows.level, trial]


def _factor(data: Grouped, reduced: Reduced, scales: Array) -> Array:
    """Of the covariance of reduced targets."""
    Z = data.X * scales
    k, _ = matern52(squared_distances(Z, Z))
    return cholesky_of(k + np.diag(1.0 / reduced.precision + NOISE_FLOOR))[0]
