"""The short comparison at the end of a sweep."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Standing:
    """One planned experiment.

    Attributes:
        status: its status record, once it has completed.
    """

    benchmark: str
    method: str
    run_id: int
    status: Mapping[str, Any] | None

    @property
    def value(self) -> float | None:
        best = (self.status or {}).get("best")
        return None if best is None else float(best["value"])


def summary_tables(planned: Sequence[Standing]) -> Iterator[Table]:
    """For each benchmark the methods' medians, and who won with which run id where there are several methods."""
    groups: dict[str, list[Standing]] = {}
    for one in planned:
        groups.setdefault(one.benchmark, []).append(one)
    for benchmark, own in groups.items():
        if all(one.status is None for one in own):
            continue
        place = f" on {benchmark}" if len(groups) > 1 else ""
        yield _methods_table(own, place)
        if len({one.method for one in own}) > 1:
            yield _winners_table(own, place)


def _methods_table(planned: Sequence[Standing], place: str) -> Table:
    """Per method: runs, trials, median of the best values."""
    metric = _fact(planned, "metric", "metric")
    table = Table(title=f"median best {metric} by method{place}")
    for column in ("method", "runs", "trials", "reports", f"median best {metric}"):
        table.add_column(column, justify="left" if column == "method" else "right")
    for method, own in _by_method(planned).items():
        values = [one.value for one in own if one.value is not None]
        statuses = [one.status for one in own if one.status is not None]
        runs = f"{len(statuses)} of {len(own)}" if len(statuses) < len(own) else str(len(own))
        trials = sum(status["num_trials"] for status in statuses)
        reports = sum(status.get("num_results", 0) for status in statuses)
        median = f"{statistics.median(values):.5g}" if values else "none"
        table.add_row(method, runs, str(trials), str(reports), median)
    return table


# Run ids that are shown one by one; a table of thousands helps nobody.
RUN_IDS_SHOWN = 50


def _winners_table(planned: Sequence[Standing], place: str) -> Table:
    """Per run id: the best value of each method, and who won; nobody where a method has none (yet)."""
    methods = list(_by_method(planned))
    metric = _fact(planned, "metric", "metric")
    table = Table(title=f"best {metric} by run id{place} (equal run ids have equal seeds)")
    for column in ("run id", *methods, "winner"):
        table.add_column(column, justify="right")
    by_run_id: dict[int, dict[str, float]] = {one.run_id: {} for one in sorted(planned, key=lambda one: one.run_id)}
    for one in planned:
        if one.value is not None:
            by_run_id[one.run_id][one.method] = one.value
    maximise = _fact(planned, "mode", "min") == "max"
    for run_id, values in list(by_run_id.items())[:RUN_IDS_SHOWN]:
        cells = [f"{values[method]:.5g}" if method in values else "-" for method in methods]
        table.add_row(str(run_id), *cells, _winner(values, maximise) if len(values) == len(methods) else "-")
    if len(by_run_id) > RUN_IDS_SHOWN:
        table.add_row("...", *[""] * (len(methods) + 1))
    undecided = sum(len(values) < len(methods) for values in by_run_id.values())
    if undecided:
        table.caption = f"no winner for {undecided} of {len(by_run_id)} run ids: not all methods have a value there"
    return table


def _winner(values: Mapping[str, float], maximise: bool) -> str:
    best = max(values.values()) if maximise else min(values.values())
    winners = [method for method, value in values.items() if value == best]
    return winners[0] if len(winners) == 1 else "tie"


def _by_method(planned: Sequence[Standing]) -> dict[str, list[Standing]]:
    groups: dict[str, list[Standing]] = {}
    for one in planned:
        groups.setdefault(one.method, []).append(one)
    return groups


def _fact(planned: Sequence[Standing], name: str, otherwise: str) -> str:
    """A fact that the completed experiments share; records of earlier versions have it with the best value alone."""
    facts = ({**(one.status.get("best") or {}), **one.status} for one in planned if one.status)
    return next((str(own[name]) for own in facts if name in own), otherwise)
