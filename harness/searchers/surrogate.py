"""The model behind `bayesopt`: from observations and pending evaluations to a chain of Gaussian processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.core.encode import Encoder
from harness.core.history import HistoryView
from harness.gp.acquisition import log_expected_improvement, log_probability_below
from harness.gp.chain import Chain
from harness.gp.fit import Fitter
from harness.gp.likelihood import Metric
from harness.gp.linalg import Array
from harness.gp.posterior import Posterior
from harness.gp.rows import Limit, Rows
from harness.gp.surface import Surface
from harness.gp.targets import Scale, clean
from harness.searchers.observations import Observations, Table

Choice = Callable[[Sequence[Array]], int]


def metric_of(encoder: Encoder) -> Metric:
    """One length scale for each hyper-parameter, and weights as in the package's notation.

    With different values of a choice farther apart, little of what is learned of one would count for the others.
    """
    groups, weights = np.zeros(encoder.dim, dtype=np.intp), np.ones(encoder.dim)
    for group, block in enumerate(encoder.blocks):
        groups[block.start : block.stop] = group
        if block.one_hot:
            differ = 1.0 - 1.0 / (block.stop - block.start)
            weights[block.start : block.stop] = np.sqrt(1.0 / (12.0 * differ))
    return Metric(groups, weights)


@dataclass(frozen=True)
class Target:
    """The improvement sought: below `best` at `level` of the chain (or of the process over all levels).

    Attributes:
        incumbents: (k, d) best rows of the lowest level, to look around.
        cuts: of the levels below, what it takes to go on there; empty to disregard that. The improvement counts as far
            as the trial will come to `level`: else a place can be suggested for ever whose trials are stopped before
            they prove the model wrong.
    """

    chain: Chain | Surface
    level: int
    best: float
    incumbents: Array
    cuts: tuple[float, ...] = ()

    def value(self, X: Array) -> Array:
        """Log expected improvement (m,) at rows X (m, d), with the log probabilities to pass the cuts."""
        return self._sum(X, gradients=False)[0]

    def value_and_gradient(self, X: Array) -> tuple[Array, Array]:
        """The same with its gradient (m, d)."""
        return self._sum(X, gradients=True)

    def _sum(self, X: Array, *, gradients: bool) -> tuple[Array, Array]:
        levels = self.chain.climb(X, self.level, gradients)
        at, gradient = levels[-1], X[:0]
        value, by_mean, by_var = log_expected_improvement(at.mean, at.var, self.best)
        if gradients:
            gradient = by_mean[:, None] * at.mean_gradient + by_var[:, None] * at.var_gradient
        judged = [level for level, limit in enumerate(self.cuts) if limit < np.inf]
        if judged:
            below, limits = levels[judged], np.array([[self.cuts[level]] for level in judged])
            passing, by_mean, by_var = log_probability_below(below.mean, below.var, limits)
            value = value + passing.sum(axis=0)
            if gradients:
                gradient += (by_mean[..., None] * below.mean_gradient).sum(axis=0)
                gradient += (by_var[..., None] * below.var_gradient).sum(axis=0)
        return value, gradient


def cut(targets: Array, levels: Sequence[int], level: int) -> float:
    """The target that the best share of those at a level (n,) have: as many as successive halving lets go on, the ratio
    of the level to the one above. Infinite while there are too few to be judged."""
    share = levels[level] / levels[level + 1]
    return float(np.sort(targets)[int(share * (len(targets) - 1))]) if len(targets) * share >= 1 else np.inf


class Surrogate:
    """Fits a chain to observations.

    Args:
        levels: ascending resource levels, empty for single fidelity.
        pending: whether evaluations under way count as observed at their predicted value.
        make_fitter: of a level, told whether it lies above the lowest.
    """

    def __init__(
        self,
        encoder: Encoder,
        levels: tuple[int, ...],
        limit: Limit,
        *,
        pending: bool,
        make_fitter: Callable[[bool], Fitter],
    ) -> None:
        self._levels = levels
        self._limit = limit
        self._pending = pending
        self._metric = metric_of(encoder)
        self.observations = Observations(encoder, levels)
        self._fitters = [make_fitter(level > 0) for level in range(max(1, len(levels)))]

    def target(self, history: HistoryView, choose: Choice, hurry: Callable[[], bool]) -> Target:
        """What to improve on, given the history.

        Args:
            choose: from the losses (n,) observed at each level to the level of the acquisition function.
            hurry: asked whether fits should be skipped.
        """
        rows = [self._rows(level, table) for level, table in enumerate(self.observations.tables) if len(table)]
        level = min(choose([each.y for each in rows]), len(rows) - 1)
        used = [self._limit.apply(each) for each in rows[: level + 1]]
        posteriors: list[Posterior] = []
        cuts: list[float] = []
        below: Scale | None = None
        for fitter, everything, kept in zip(self._fitters, rows, used, strict=False):
            posterior, below = fitter.posterior(everything, kept, hurry, below)
            posteriors.append(posterior)
            if len(posteriors) <= level:
                cuts.append(cut(below(everything.y), self._levels, len(cuts)))
        waiting = self._pending_rows(history, level + 1)
        chain = Chain(posteriors).extended(waiting)
        order = np.argsort(clean(used[level].y), kind="stable")
        fitted = posteriors[level].fitted
        means = np.concatenate((fitted, chain.predict(waiting[level], level).mean))
        row = int(means.argmin())
        # At other levels the incumbent is a row of another table.
        chain = chain.relative_to(row) if level == 0 else chain
        return Target(chain, level, float(means[row]), used[level].X[order[:3]], tuple(cuts))

    def _rows(self, level: int, table: Table) -> Rows:
        X, y, lower, priority = table.columns()
        return Rows(X, y, lower if level else lower[:0], priority)

    def _pending_rows(self, history: HistoryView, count: int) -> list[Array]:
        """For each level, rows of the trials on their way to it."""
        waiting: list[list[Array]] = [[] for _ in range(count)]
        for evaluation in history.pending() if self._pending else []:
            until = count if evaluation.resource is None else sum(at <= evaluation.resource for at in self._levels)
            row = self.observations.row(history.trials[evaluation.trial_id])
            for level in range(self.observations.reached(evaluation.trial_id), min(until, count)):
                waiting[level].append(row)
        return [np.array(rows).reshape(len(rows), len(self._metric.groups)) for rows in waiting]
