"""The short comparison at the end of a sweep."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Finished:
    """One completed experiment: benchmark, method, run id and status record."""

    benchmark: str
    method: str
    run_id: int
    status: Mapping[str, Any]

    @property
    def value(self) -> float | None:
        best = self.status.get("best")
        return None if best is None else float(best["value"])


def summary_tables(finished: Sequence[Finished]) -> Iterator[Table]:
    """For each benchmark the methods' medians, and who won with which run id where there are several methods."""
    groups: dict[str, list[Finished]] = {}
    for run in finished:
        groups.setdefault(run.benchmark, []).append(run)
    for benchmark, runs in groups.items():
        place = f" on {benchmark}" if len(groups) > 1 else ""
        yield _methods_table(runs, place)
        if len({run.method for run in runs}) > 1:
            yield _winners_table(runs, place)


def _methods_table(finished: Sequence[Finished], place: str) -> Table:
    """Per method: runs, trials, median of the best values."""
    metric = _metric(finished)
    table = Table(title=f"median best {metric} by method{place}")
    for column in ("method", "runs", "trials", "reports", f"median best {metric}"):
        table.add_column(column, justify="left" if column == "method" else "right")
    for method, runs in _by_method(finished).items():
        values = [run.value for run in runs if run.value is not None]
        trials = sum(run.status["num_trials"] for run in runs)
        reports = sum(run.status.get("num_results", 0) for run in runs)
        median = f"{statistics.median(values):.5g}" if values else "none"
        table.add_row(method, str(len(runs)), str(trials), str(reports), median)
    return table


# Run ids that are shown one by one; a table of thousands helps nobody.
RUN_IDS_SHOWN = 50


def _winners_table(finished: Sequence[Finished], place: str) -> Table:
    """Per run id: the best value of each method, and who won the pair."""
    methods = list(_by_method(finished))
    table = Table(title=f"best {_metric(finished)} by run id{place} (equal run ids have equal seeds)")
    for column in ("run id", *methods, "winner"):
        table.add_column(column, justify="right")
    by_run_id: dict[int, dict[str, float]] = {run.run_id: {} for run in sorted(finished, key=lambda run: run.run_id)}
    for run in finished:
        if run.value is not None:
            by_run_id[run.run_id][run.method] = run.value
    for run_id, values in list(by_run_id.items())[:RUN_IDS_SHOWN]:
        cells = [f"{values[method]:.5g}" if method in values else "-" for method in methods]
        table.add_row(str(run_id), *cells, _winner(values, _maximise(finished)))
    if len(by_run_id) > RUN_IDS_SHOWN:
        table.add_row("...", *[""] * (len(methods) + 1))
    return table


def _winner(values: Mapping[str, float], maximise: bool) -> str:
    if len(values) < 2:
        return "-"
    best = max(values.values()) if maximise else min(values.values())
    winners = [method for method, value in values.items() if value == best]
    return winners[0] if len(winners) == 1 else "tie"


def _by_method(finished: Sequence[Finished]) -> dict[str, list[Finished]]:
    groups: dict[str, list[Finished]] = {}
    for run in finished:
        groups.setdefault(run.method, []).append(run)
    return groups


def _metric(finished: Sequence[Finished]) -> str:
    return next((str(run.status["best"]["metric"]) for run in finished if run.status.get("best")), "metric")


def _maximise(finished: Sequence[Finished]) -> bool:
    return any(run.status["best"]["mode"] == "max" for run in finished if run.status.get("best"))
