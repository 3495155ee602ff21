"""What a model is fitted to, read from the history as it grows: for each level the encoded configurations and losses.

A level's observation of a trial is its first report at that level or beyond; without levels, the last report of a
trial that has ended. A trial that failed counts as an observation of NaN at the first level it did not reach.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from harness.core.encode import Encoder
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.trial import Result, Status, Trial

Array = np.ndarray[Any, np.dtype[Any]]

# Failures stand behind all measurements: the history does not say between which reports they happened.
AFTER_ALL = 1e12
_ENDED = (Status.COMPLETED, Status.STOPPED, Status.FAILED)


def levels_of(context: Context) -> tuple[int, ...]:
    """The scheduler's levels and the end of the trials; empty where trials are not judged on their way."""
    last = context.problem.max_resource
    return tuple(sorted({*context.levels, *([last] if last is not None and context.levels else [])}))


class Table:
    """Rows of one level.

    `X` (n, d), `y`, `lower`, `priority` (n,) come in the order of `position`, whatever the order of `append`: what a
    model sees must not depend on when it looked. `lower` is the same trial's loss at the level below (NaN at the
    lowest). `priority` is a fixed scramble of the trial's id, by which a model that cannot take all rows chooses.
    """

    def __init__(self, dim: int) -> None:
        self._buffer = np.empty((16, dim + 4))
        self._dim = dim
        self._count = 0

    def append(self, row: Array, y: float, lower: float, trial_id: int, position: float) -> None:
        if self._count == len(self._buffer):
            self._buffer = np.concatenate((self._buffer, np.empty_like(self._buffer)))
        self._buffer[self._count, : self._dim] = row
        self._buffer[self._count, self._dim :] = y, lower, (trial_id * 2654435761) % 2**32, position
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def columns(self) -> tuple[Array, Array, Array, Array]:
        """X, y, lower, priority."""
        data = self._buffer[: self._count]
        data = data[np.argsort(data[:, -1], kind="stable")]
        return data[:, : self._dim], data[:, -4], data[:, -3], data[:, -2]


class Observations:
    """Tables of all levels. Only a cache of the history: a fresh instance reads the same from it.

    Args:
        levels: ascending resource levels; empty for one table of final results.
    """

    def __init__(self, encoder: Encoder, levels: tuple[int, ...]) -> None:
        self._encoder = encoder
        self._levels = levels
        self._forget()

    def _forget(self) -> None:
        self._history: HistoryView | None = None
        self._read = 0
        self._known = 0
        self._rows: dict[int, Array] = {}
        self._losses: dict[int, list[float]] = {}
        self._last: dict[int, int] = {}
        self._open: dict[int, None] = {}
        self.tables = [Table(self._encoder.dim) for _ in range(max(1, len(self._levels)))]

    def update(self, history: HistoryView) -> None:
        """Read what has come since the last call."""
        if history is not self._history:
            self._forget()
            self._history = history
        for trial_id in range(self._known, len(history.trials)):
            self._open[trial_id] = None
        self._known = len(history.trials)
        for index in range(self._read, len(history.results)):
            result = history.results[index]
            self._last[result.trial_id] = index
            if self._levels:
                self._cross(history.trials[result.trial_id], result, index)
        self._read = len(history.results)
        ended = [trial for trial in map(history.trials.__getitem__, self._open) if trial.status in _ENDED]
        for trial in ended:
            del self._open[trial.trial_id]
            self._close(trial)

    def row(self, trial: Trial) -> Array:
        """Encoded configuration (d,) of a trial."""
        if trial.trial_id not in self._rows:
            self._rows[trial.trial_id] = self._encoder.encode(trial.config)
        return self._rows[trial.trial_id]

    def reached(self, trial_id: int) -> int:
        """Number of levels at which the trial has an observation."""
        return len(self._losses.get(trial_id, ()))

    def _cross(self, trial: Trial, result: Result, position: int) -> None:
        """All levels that a report reaches first."""
        losses = self._losses.setdefault(trial.trial_id, [])
        while len(losses) < len(self._levels) and (result.resource or 0) >= self._levels[len(losses)]:
            self._add(trial, losses, result.loss, position)

    def _close(self, trial: Trial) -> None:
        losses = self._losses.setdefault(trial.trial_id, [])
        if trial.status is Status.FAILED:
            if len(losses) < len(self.tables):
                self._add(trial, losses, math.nan, AFTER_ALL + trial.trial_id)
        elif not self._levels and trial.results:
            self._add(trial, losses, trial.results[-1].loss, self._last[trial.trial_id])

    def _add(self, trial: Trial, losses: list[float], loss: float, position: float) -> None:
        lower = losses[-1] if losses else math.nan
        self.tables[len(losses)].append(self.row(trial), loss, lower, trial.trial_id, position)
        losses.append(loss)
