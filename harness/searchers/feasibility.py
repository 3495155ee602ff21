"""The model behind `bayesopt_constrained`: a Gaussian process of the constraint's value."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.special import log_ndtr

from harness.core.encode import Encoder
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.trial import Trial
from harness.gp.chain import Chain
from harness.gp.linalg import Array
from harness.gp.surface import Surface
from harness.searchers.surrogate import Target
from harness.searchers.weighted import Acquisition, Hurry, Regression, Weighted

_LEAST_SD = 1e-9


class Feasibility:
    """Weighs the improvement on the best feasible configuration with Phi(-mu(x) / sigma(x)).

    mu and sigma are those of the constraint's latent value, as each trial's last report has it.
    """

    def __init__(self, context: Context) -> None:
        self._problem = context.problem
        self._encoder = Encoder(context.problem.space)
        self._regression = Regression(self._encoder)

    def weigh(self, target: Target, history: HistoryView, hurry: Hurry) -> Acquisition:
        known = [(trial, value) for trial in history.trials.values() if math.isfinite(value := self._value(trial))]
        if not known:
            return target
        X = self._encoder.encode_many([trial.config for trial, _ in known])
        values = np.array([value for _, value in known])
        ids = np.array([trial.trial_id for trial, _ in known])
        predict = self._regression.fitted(X, values, ids, hurry)

        def log_probability(at: Array) -> tuple[Array, Array]:
            moments = predict(at)
            sd = np.sqrt(moments.var) + _LEAST_SD
            z = -moments.mean / sd
            value = log_ndtr(z)
            # d log Phi / dz = phi / Phi, in logarithms because both underflow.
            slope = np.exp(-0.5 * z * z - 0.5 * math.log(2.0 * math.pi) - value)
            gradient = -moments.mean_gradient / sd[:, None] - (0.5 * z / sd**2)[:, None] * moments.var_gradient
            return value, slope[:, None] * gradient

        feasible = X[values <= 0.0]
        if not len(feasible):
            return Weighted(log_probability, X[np.argsort(values, kind="stable")[:3]], None)
        means = target.chain.predict(feasible, target.level).mean
        nearest = feasible[np.argsort(means, kind="stable")[:3]]
        # At other levels the incumbent is a row of another table.
        chain = _relative_to(target.chain, nearest[0]) if target.level == 0 else target.chain
        return Weighted(log_probability, nearest, replace(target, chain=chain, best=float(means.min())))

    def _value(self, trial: Trial) -> float:
        """Constraint of the trial's last report; NaN where there is none."""
        return self._problem.constraint(trial.results[-1].metrics) if trial.results else math.nan


def _relative_to(chain: Chain | Surface, x: Array) -> Chain | Surface:
    """The chain with variances of differences to its value at x (d,), where x is one of its data."""
    if not isinstance(chain, Chain):
        return chain
    rows = np.flatnonzero(np.equal(chain.posteriors[0].X, x).all(axis=1))
    return chain.relative_to(int(rows[0])) if len(rows) else chain
