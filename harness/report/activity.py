"""What `events.jsonl` adds where it is there: time spent on suggestions, and how busy the workers were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.jobdir import JobDir
from harness.ledger.journal import Entry, read_lines
from harness.report.study import Run

# Experiments of one method that are looked into: enough for a summary, and a page over thousands stays quick.
LOOKED_AT = 40


@dataclass(frozen=True)
class Activity:
    """One method's, over the experiments that were looked at.

    Attributes:
        suggest_median, suggest_high: seconds per suggestion, median and 95 % quantile; NaN where none was measured.
        busy: share of the workers' time in which a trial ran; NaN where it is not known.
        experiments: that were looked at.
    """

    suggest_median: float
    suggest_high: float
    busy: float
    experiments: int


def activity(runs: Sequence[Run]) -> Activity:
    """The activity of one method's runs, from an even sample of at most `LOOKED_AT`."""
    picked = sorted({round(place) for place in np.linspace(0, len(runs) - 1, min(len(runs), LOOKED_AT)).tolist()})
    suggestions: list[float] = []
    shares: list[float] = []
    for run in (runs[index] for index in picked):
        legs = _Legs(read_lines(JobDir(run.experiment.folder).events))
        suggestions += legs.suggestions
        shares.append(_share(run, legs))
    measured = [seconds for seconds in suggestions if seconds > 0]
    known = [share for share in shares if np.isfinite(share)]
    return Activity(
        suggest_median=float(np.median(measured)) if measured else np.nan,
        suggest_high=float(np.quantile(measured, 0.95)) if measured else np.nan,
        busy=float(np.mean(known)) if known else np.nan,
        experiments=len(picked),
    )


def _share(run: Run, legs: _Legs) -> float:
    workers, end = run.experiment.metadata.get("num_workers"), run.trace.total["time"]
    if not isinstance(workers, (int, float)) or workers < 1 or end <= 0:
        return np.nan
    # Without events: training times that trials reported, which leave out their start-up.
    seconds = legs.busy(end) if legs.seen else run.trace.elapsed
    return min(1.0, seconds / (workers * end))


class _Legs:
    """Legs of trials, from start or resumption to pause, stop or end."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.suggestions: list[float] = []
        self.seen = False
        self._open: dict[int, float] = {}
        self._closed: list[tuple[float, float]] = []
        for entry in entries:
            self.seen = True
            self._read(entry)

    def _read(self, entry: Entry) -> None:
        event, trial, at = entry.get("event"), entry.get("trial_id"), entry.get("at")
        if not isinstance(trial, int) or not isinstance(at, (int, float)):
            return
        if event in ("started", "resumed"):
            self._open[trial] = float(at)
            if isinstance(entry.get("suggest_seconds"), (int, float)):
                self.suggestions.append(float(entry["suggest_seconds"]))
        elif event == "ended" or (event == "reported" and entry.get("decision") in ("PAUSE", "STOP")):
            start = self._open.pop(trial, None)
            if start is not None:
                self._closed.append((start, float(at)))

    def busy(self, end: float) -> float:
        """Seconds that legs ran before `end`; those still open run until then."""
        spans = [*self._closed, *((start, end) for start in self._open.values())]
        return sum(max(0.0, min(stop, end) - start) for start, stop in spans)
