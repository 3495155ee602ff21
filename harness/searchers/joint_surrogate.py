"""The model behind `bayesopt` where data are no nested rungs: one process over (configuration, resource)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.core.encode import Encoder
from harness.core.history import HistoryView
from harness.gp.forms import Fitter, Form, standardised
from harness.gp.joint import Reports
from harness.gp.linalg import Array
from harness.gp.rows import Limit
from harness.searchers.curve_data import CurveData
from harness.searchers.observations import Observations
from harness.searchers.surrogate import Choice, Target, cut


class JointSurrogate:
    """Does what `Surrogate` does, with a `Form`.

    Args:
        levels: ascending resource levels of the scheduler; improvement is sought at one of them.
        limit: rows are reports, or trials where the form takes all reports of a trial.
        pending: whether evaluations under way count as observed at their predicted value.
    """

    def __init__(
        self, encoder: Encoder, levels: tuple[int, ...], data: str, form: Form, limit: Limit, *, pending: bool
    ) -> None:
        self._levels = levels
        self._form = form
        self._limit = limit
        self._pending = pending
        self._fitter = Fitter(form, limit.top_fraction)
        self._data = CurveData(levels, data)
        self.observations = Observations(encoder, levels)

    def target(self, history: HistoryView, choose: Choice, hurry: Callable[[], bool]) -> Target:
        """As `Surrogate.target`."""
        losses = [table.columns()[1] for table in self.observations.tables if len(table)]
        level = min(choose(losses), len(losses) - 1)
        reports = self._data.reports(history, self.observations)
        theta = self._fitter.theta(reports, hurry)
        used = standardised(self._form.limited(reports, self._limit))
        waiting = self._waiting(history, used)
        process = self._form.condition(used, waiting, theta)
        places = np.searchsorted(used.resources, self._levels)
        surface = replace(process.surface, levels=[process.surface.levels[place] for place in places])
        every = used.joined(waiting)
        here = np.flatnonzero(every.level == places[level])
        known = process.fitted[here] if len(here) else surface.predict(every.X, level).mean
        X = every.X[here] if len(here) else every.X
        order = np.argsort(known, kind="stable")
        cuts = [cut(used.y[used.level == place], self._levels, at) for at, place in enumerate(places[:level])]
        return Target(surface, level, float(known[order[0]]), X[order[:3]], tuple(cuts))

    def _waiting(self, history: HistoryView, reports: Reports) -> Reports:
        """Evaluations under way: each running trial at the levels up to its milestone that it has not reached."""
        rows: list[Array] = []
        trials: list[int] = []
        resources: list[int] = []
        for evaluation in history.pending() if self._pending else []:
            trial = history.trials[evaluation.trial_id]
            until = self._levels[-1] if evaluation.resource is None else evaluation.resource
            for resource in self._levels[self.observations.reached(evaluation.trial_id) :]:
                if resource <= until:
                    rows.append(self.observations.row(trial))
                    trials.append(trial.trial_id)
                    resources.append(resource)
        X = np.array(rows).reshape(len(rows), reports.X.shape[1])
        level = np.searchsorted(reports.resources, resources).astype(int)
        return Reports(X, np.zeros(len(rows)), np.array(trials, dtype=int), level, reports.resources)
