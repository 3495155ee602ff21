"""A Gaussian process of its own for each resource level (`gp_independent`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.core.history import HistoryView
from harness.gp.chain import Chain
from harness.gp.targets import clean
from harness.searchers.surrogate import Choice, Surrogate, Target


class IndependentSurrogate(Surrogate):
    """Levels know nothing of each other: only that at which improvement is sought has a model."""

    def target(self, history: HistoryView, choose: Choice, hurry: Callable[[], bool]) -> Target:
        losses = [table.columns()[1] for table in self.observations.tables if len(table)]
        level = min(choose(losses), len(losses) - 1)
        rows = self._rows(level, self.observations.tables[level])
        rows = replace(rows, lower=rows.lower[:0])
        used = self._limit.apply(rows)
        posterior, _ = self._fitters[level].posterior(rows, used, hurry)
        waiting = self._pending_rows(history, len(losses))[level]
        # A chain of one link, whatever level it is asked for.
        chain = Chain([posterior]).extended([waiting])
        means = np.concatenate((posterior.fitted, chain.predict(waiting, level).mean))
        row = int(means.argmin())
        order = np.argsort(clean(used.y), kind="stable")
        return Target(chain.relative_to(row), level, float(means[row]), used.X[order[:3]])
