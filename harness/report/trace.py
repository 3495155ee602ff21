"""What a report keeps of one experiment: its incumbent over time, trials and resource, and its totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.results.best import best_row, losses_of
from harness.results.load import Experiment
from harness.results.rows import DECISION, STATUS, TIME, TRIAL, numbers, texts

Floats = NDArray[np.float64]

AXES = ("time", "trials", "resource")
FAILURES_KEPT = 3


@dataclass(frozen=True)
class Failure:
    trial_id: int
    reason: str
    tail: str


@dataclass(frozen=True)
class Trace:
    """Attributes:
    loss: the incumbent's loss at each improvement, decreasing. [improvements]
    spent: axis -> what was spent by then: seconds, trials that had reported, resource of all trials. [improvements]
    total: axis -> what was spent by the end.
    reached: resource level -> trials whose last report was at it.
    decided: levels at which a trial was paused or stopped.
    cost: sum over the trials of their last `st_worker_cost` in USD, NaN where it is not known.
    elapsed: sum over the trials of their last reported training time in seconds, NaN where it is not known.
    best: the best report, column -> value.
    """

    loss: Floats
    spent: Mapping[str, Floats]
    total: Mapping[str, float]
    reports: int
    reached: Mapping[int, int]
    decided: frozenset[int]
    cost: float
    elapsed: float
    failed: int
    failures: Sequence[Failure]
    best: Mapping[str, Any]

    @property
    def final(self) -> float:
        """Loss at the end, infinite where no report had a finite one."""
        return float(self.loss[-1]) if len(self.loss) else np.inf

    def at(self, axis: str, grid: Floats) -> Floats:
        """The incumbent's loss once `grid` was spent, infinite before the first. float64 [grid]"""
        index = np.searchsorted(self.spent[axis], grid, side="right")
        return np.concatenate([[np.inf], self.loss])[index]

    def reach(self, loss: float) -> float:
        """Seconds until the incumbent was at least as good as `loss`; infinite where it never was."""
        good = np.flatnonzero(self.loss <= loss)
        return float(self.spent["time"][good[0]]) if len(good) else np.inf


def trace(rows: Any, experiment: Experiment) -> Trace:
    """The trace of an experiment's results (pyarrow Table, as `read_rows` gives it)."""
    losses = losses_of(rows, experiment)
    times, trials = numbers(rows, TIME), numbers(rows, TRIAL)
    reported = np.isfinite(losses)
    levels = numbers(rows, experiment.resource_attr)
    levels = np.where(np.isfinite(levels), levels, 0.0) if experiment.resource_attr else np.ones(len(trials))
    spent = {
        "time": np.maximum.accumulate(np.nan_to_num(times)) if len(times) else times,
        "trials": np.cumsum(_first_of_each(trials)).astype(float),
        "resource": np.cumsum(_increments(trials, levels)) if experiment.resource_attr else np.cumsum(levels),
    }
    running = np.minimum.accumulate(np.where(reported, losses, np.inf)) if len(losses) else losses
    better = np.flatnonzero(running < np.concatenate([[np.inf], running[:-1]]))
    statuses, decisions = np.array(texts(rows, STATUS)), np.array(texts(rows, DECISION))
    halted = np.isin(decisions, ("PAUSE", "STOP")) & (statuses != "Failed")
    return Trace(
        loss=running[better],
        spent={axis: values[better] for axis, values in spent.items()},
        total={axis: float(values[-1]) if len(values) else 0.0 for axis, values in spent.items()},
        reports=int((reported | (statuses != "Failed")).sum()),  # NaN is a report like any other
        reached=Counter(int(level) for level in _last_of_each(trials, levels).values()),
        decided=frozenset(int(level) for level in levels[halted]) if experiment.resource_attr else frozenset(),
        cost=_sum_of_last(trials, numbers(rows, "st_worker_cost")),
        elapsed=_sum_of_last(trials, numbers(rows, experiment.metadata.get("elapsed_time_attr"))),
        failed=int((statuses == "Failed").sum()),
        failures=_failures(rows, statuses),
        best=best_row(rows, experiment) or {},
    )


def _first_of_each(trials: Floats) -> NDArray[np.bool_]:
    first = np.zeros(len(trials), dtype=bool)
    first[np.unique(trials, return_index=True)[1]] = True
    return first


def _increments(trials: Floats, levels: Floats) -> Floats:
    """Resource that each report stands for: what its trial has done since its last one, all of it after a restart."""
    order = np.argsort(trials, kind="stable")
    sorted_levels = levels[order]
    before = np.concatenate([[0.0], sorted_levels[:-1]])
    before[_first_of_each(trials[order])] = 0.0
    before[sorted_levels < before] = 0.0
    increments = np.empty(len(levels))
    increments[order] = sorted_levels - before
    return increments


def _last_of_each(trials: Floats, levels: Floats) -> dict[float, float]:
    last: dict[float, float] = {}
    for trial, level in zip(trials.tolist(), levels.tolist(), strict=True):
        if level > last.get(trial, 0.0):
            last[trial] = level
    return last


def _sum_of_last(trials: Floats, values: Floats) -> float:
    known = np.isfinite(values)
    return sum(_last_of_each(trials[known], values[known]).values()) if known.any() else np.nan


def _failures(rows: Any, statuses: NDArray[np.str_]) -> list[Failure]:
    where = np.flatnonzero(statuses == "Failed")[:FAILURES_KEPT]
    if not len(where):
        return []
    kept = rows.take(where)
    reasons, tails = texts(kept, "st_failure"), texts(kept, "st_log_tail")
    trials = numbers(kept, TRIAL)
    return [Failure(int(t), reason, tail) for t, reason, tail in zip(trials, reasons, tails, strict=True)]
