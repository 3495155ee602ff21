"""What a model over (configuration, resource) is fitted to: reports of all trials, in the order they came."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any

import numpy as np

from harness.core.history import HistoryView
from harness.core.trial import Result, Status, Trial
from harness.gp.joint import Reports
from harness.searchers.observations import AFTER_ALL, Observations

Array = np.ndarray[Any, np.dtype[Any]]
Entry = tuple[float, int, int, float]


# Reports at more levels than this tell a model hardly more, but cost it as the cube of their number.
_MOST_LEVELS = 100


class CurveData:
    """Reads the reports that `searcher_data` asks for: (position, trial id, resource, loss).

    all: every report (of several at one level the first), beyond 100 levels those of a geometric grid; rungs: the
    first report at each of `levels` or beyond, as a value of that level; rungs_and_last: the same, and the last report
    of each trial. A trial that failed counts as NaN at the first level it did not reach. Only a cache: a fresh instance
    reads the same from a history.
    """

    def __init__(self, levels: tuple[int, ...], which: str) -> None:
        self._levels = levels
        self._which = which
        self._grid = _grid(levels)
        self._forget(None)

    def _forget(self, history: HistoryView | None) -> None:
        self._history = history
        self._read = 0
        self._entries: list[Entry] = []
        self._seen: set[tuple[int, int]] = set()
        self._crossed: dict[int, int] = {}
        self._last: dict[int, Entry] = {}

    def reports(self, history: HistoryView, observations: Observations) -> Reports:
        """All of them, over the levels that occur and `levels`."""
        if history is not self._history:
            self._forget(history)
        for index in range(self._read, len(history.results)):
            self._take(history.results[index], index)
        self._read = len(history.results)
        entries = sorted([*self._entries, *self._extra(history)])
        rows = [observations.row(history.trials[trial_id]) for _, trial_id, _, _ in entries]
        resource = np.array([resource for _, _, resource, _ in entries], dtype=float)
        resources = np.union1d(resource, self._levels)
        trial = np.array([trial_id for _, trial_id, _, _ in entries])
        y = np.array([loss for _, _, _, loss in entries])
        return Reports(np.array(rows), y, trial, np.searchsorted(resources, resource), resources)

    def _take(self, result: Result, index: int) -> None:
        resource = result.resource or 0
        if self._which == "all":
            self._add(index, result.trial_id, self._level(resource), result.loss)
            return
        crossed = self._crossed.get(result.trial_id, 0)
        while crossed < len(self._levels) and resource >= self._levels[crossed]:
            self._add(index, result.trial_id, self._levels[crossed], result.loss)
            crossed += 1
        self._crossed[result.trial_id] = crossed
        self._last[result.trial_id] = (index, result.trial_id, self._level(resource), result.loss)

    def _level(self, resource: int) -> int:
        """The resource as the model sees it: the last level of the grid up to it."""
        return self._grid[max(0, bisect_right(self._grid, resource) - 1)]

    def _add(self, position: float, trial_id: int, resource: int, loss: float) -> None:
        if (trial_id, resource) not in self._seen:
            self._seen.add((trial_id, resource))
            self._entries.append((position, trial_id, resource, loss))

    def _extra(self, history: HistoryView) -> list[Entry]:
        """Entries that later reports may take back: last reports, and failures."""
        lasts = self._last.values() if self._which == "rungs_and_last" else ()
        extra = [entry for entry in lasts if entry[1:3] not in self._seen]
        failed = [trial for trial in history.trials.values() if trial.status is Status.FAILED]
        return extra + [entry for trial in failed if (entry := self._failure(trial)) is not None]

    def _failure(self, trial: Trial) -> Entry | None:
        missed = next((level for level in self._levels if level > trial.reached), None)
        return None if missed is None else (AFTER_ALL + trial.trial_id, trial.trial_id, missed, math.nan)


def _grid(levels: tuple[int, ...]) -> list[int]:
    """All levels up to the last one where they are few, else a geometric grid with `levels` among them."""
    top = levels[-1]
    spread = (
        range(1, top + 1) if top <= _MOST_LEVELS else np.geomspace(1, top, _MOST_LEVELS).round().astype(int).tolist()
    )
    return sorted({*spread, *levels})
