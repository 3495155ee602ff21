"""What sets two experiments apart: settings, seeds, code, image, machine, and where their results part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.results.best import best_row
from harness.results.load import Experiment
from harness.results.provenance import ENVIRONMENT
from harness.results.rows import TIME, TRIAL, UnreadableResults, read_rows
from harness.results.settings import settings_of

SEEDS = ("run_id", "random_seed_offset", "random_seed")
# Says where a table lies; what it holds is in its digest.
PLACES = ("table",)
# Measured anew in each run: equal experiments differ in these.
MEASURED = (TIME, "st_worker_time", "st_worker_timestamp", "st_worker_cost", "elapsed_time")


@dataclass(frozen=True)
class Difference:
    """One thing that differs; "-" stands for what one of them does not have."""

    kind: str
    name: str
    one: str
    other: str


def differences(one: Experiment, other: Experiment) -> list[Difference]:
    """All differences between two experiments but names, times and measured durations."""
    first, second = dict(one.metadata), dict(other.metadata)
    settings = [settings_of(first) or first, settings_of(second) or second]
    packages = sorted({name for facts in (first, second) for name in facts if name.startswith("package_")})
    named = {*SEEDS, *ENVIRONMENT, *PLACES, *packages, "tags"}
    plain = [name for name in dict.fromkeys([*settings[0], *settings[1]]) if name not in named and _is_setting(name)]
    return [
        *_unequal("setting", plain, *settings),
        *_unequal("seed", SEEDS, first, second),
        *_unequal("made by", [*ENVIRONMENT, *packages], first, second),
        *_of_results(one, other),
    ]


def _is_setting(name: str) -> bool:
    return not name.startswith("st_") and name not in ("tuner_name", "job_id", "path")


def _unequal(kind: str, names: Iterable[str], one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    pairs = [(name, _text(one.get(name)), _text(other.get(name))) for name in names]
    return [Difference(kind, name, a, b) for name, a, b in pairs if a != b]


def _text(value: Any) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _of_results(one: Experiment, other: Experiment) -> list[Difference]:
    try:
        rows, others = read_rows(one.folder), read_rows(other.folder)
    except UnreadableResults as error:
        return [Difference("result", "results", str(error), "")]
    facts = [_summary(one, rows), _summary(other, others)]
    found = _unequal("result", facts[0], *facts)
    parting = first_parting(rows, others)
    return [*found, *([Difference("result", f"report {parting}", *_at(rows, others, parting))] if parting else [])]


def _summary(experiment: Experiment, rows: Any) -> dict[str, Any]:
    best = best_row(rows, experiment) or {}
    return {
        "state": experiment.state,
        "trials": len(set(rows.column(TRIAL).to_pylist())),
        "reports": rows.num_rows,
        f"best {experiment.metric}": best.get(experiment.metric),
        "best trial": best.get(TRIAL),
    }


def first_parting(rows: Any, others: Any) -> int | None:
    """Number, from 1, of the first report in which two results differ beyond what is measured; None for none."""
    columns = [name for name in rows.column_names if name in others.column_names and name not in MEASURED]
    pairs = zip(rows.select(columns).to_pylist(), others.select(columns).to_pylist(), strict=False)
    parting = next((index for index, (a, b) in enumerate(pairs, 1) if a != b), None)
    shorter = min(rows.num_rows, others.num_rows)
    return parting or (shorter + 1 if rows.num_rows != others.num_rows else None)


def _at(rows: Any, others: Any, number: int) -> tuple[str, str]:
    return _row_text(rows, number), _row_text(others, number)


def _row_text(rows: Any, number: int) -> str:
    if number > rows.num_rows:
        return "-"
    (row,) = rows.slice(number - 1, 1).to_pylist()
    kept = {name: value for name, value in row.items() if value is not None and not name.startswith(("config_", "st_"))}
    return " ".join(f"{name}={_text(value)}" for name, value in kept.items())
