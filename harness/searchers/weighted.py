"""The expected improvement times a factor: acquisition functions that look at more than the metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.core.encode import Encoder
from harness.core.history import HistoryView
from harness.gp.chain import Chain
from harness.gp.fit import Fitter
from harness.gp.linalg import Array
from harness.gp.moments import Moments
from harness.gp.rows import Limit, Rows
from harness.gp.targets import Standard
from harness.searchers.surrogate import Target, metric_of

Hurry = Callable[[], bool]
# Rows X (m, d) -> logarithm (m,) and its gradient (m, d).
Factor = Callable[[Array], tuple[Array, Array]]
# Observations that a model of anything else than the metric takes at most, and the part of them with the least values.
_LIMIT = Limit(500, 0.25)


class Acquisition(Protocol):
    """What is maximised; the logarithm of a product, so that factors are sums."""

    @property
    def incumbents(self) -> Array: ...
    def value(self, X: Array) -> Array: ...
    def value_and_gradient(self, X: Array) -> tuple[Array, Array]: ...


class Weigher(Protocol):
    """Puts what else there is to look at into the acquisition function."""

    def weigh(self, target: Target, history: HistoryView, hurry: Hurry) -> Acquisition: ...


@dataclass(frozen=True)
class Weighted:
    """`target` times `factor`; without a target the factor alone."""

    factor: Factor
    incumbents: Array
    target: Target | None

    def value(self, X: Array) -> Array:
        value, _ = self.factor(X)
        return value if self.target is None else value + self.target.value(X)

    def value_and_gradient(self, X: Array) -> tuple[Array, Array]:
        value, gradient = self.factor(X)
        if self.target is None:
            return value, gradient
        own, own_gradient = self.target.value_and_gradient(X)
        return value + own, gradient + own_gradient


class Regression:
    """Gaussian process of any quantity of a configuration, in the quantity's own unit."""

    def __init__(self, encoder: Encoder) -> None:
        self._metric = metric_of(encoder)
        self._fitter = Fitter(self._metric, _LIMIT, above=False, kernel="matern52")

    def fitted(self, X: Array, y: Array, trial_ids: Array, hurry: Hurry) -> Callable[[Array], Moments]:
        """Moments at rows (m, d), gradients included, from values y (n,) at rows X (n, d) in the order they came."""
        rows = Rows(X, y, y[:0], (trial_ids * 2654435761) % 2**32)
        used = _LIMIT.apply(rows)
        posterior, units = self._fitter.posterior(rows, used, hurry)
        assert isinstance(units, Standard)  # of plain targets
        chain, scale = Chain([posterior]), units.deviation

        def predict(at: Array) -> Moments:
            moments = chain.predict(at, 0, gradients=True)
            return Moments(
                units.location + scale * moments.mean,
                scale * scale * moments.var,
                scale * moments.mean_gradient,
                scale * scale * moments.var_gradient,
            )

        return predict
