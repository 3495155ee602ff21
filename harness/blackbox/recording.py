"""Experiments that really ran become a table: every trial is a curve."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.blackbox.description import Description
from harness.core.space import Space, space_from_spec
from harness.errors import UsageError
from harness.jobdir import JobDir, read_json

SECONDS = "elapsed_time"
REPEAT = "repeat"


@dataclass
class _Trial:
    """Attributes:
    spent: seconds of the legs before the present one, which began at `since`.
    rows: level -> its report, and the seconds since the trial started.
    """

    config: Mapping[str, Any]
    spent: float = 0.0
    since: float = 0.0
    rows: dict[int, tuple[Mapping[str, Any], float]] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True)
class Recorded:
    """Attributes:
    columns: of the table, a value for each row.
    curves, failed: trials that are in it, and trials that are not since they failed.
    """

    columns: Mapping[str, Sequence[Any]]
    description: Description
    curves: int
    failed: int


def record(folders: Sequence[JobDir]) -> Recorded:
    """One table of all experiments.

    Failed trials are left out, as are trials without a report. Where a configuration was trained several times, a
    column `repeat` tells the trainings apart. Without a reported elapsed time, the tuner's clock counts, less pauses.

    UsageError where there is nothing to record, or where experiments differ in space, constants, metric or resource.
    """
    facts = [_facts(folder) for folder in folders]
    if not facts:
        raise UsageError("no finished experiment to record")
    for folder, other in zip(folders, facts, strict=True):
        if other != facts[0]:
            names = ", ".join(name for name in facts[0] if facts[0][name] != other[name])
            raise UsageError(f"{folder.path}: differs from {folders[0].path} in {names}; one table cannot hold both")
    trials = [trial for folder in folders for trial in _trials(folder, facts[0])]
    kept = [trial for trial in trials if trial.rows and not trial.failed]
    if not kept:
        raise UsageError(f"{folders[0].path}: no trial has reported anything")
    return _table(facts[0], kept, failed=sum(trial.failed for trial in trials), experiments=len(folders))


def _facts(folder: JobDir) -> dict[str, Any]:
    """What all experiments of a table must have in common."""
    meta = read_json(folder.metadata)
    if not isinstance(meta, dict):
        raise UsageError(f"{folder.path} holds no experiment: it has no {folder.metadata.name}")
    space = json.loads(meta["config_space"])
    space.pop(meta.get("max_resource_attr"), None)  # how far a trial is told to go does not change what it reports
    names = meta["metric_names"]
    modes = meta["metric_mode"]
    metrics = dict(zip(names, [modes] * len(names) if isinstance(modes, str) else modes, strict=True))
    metrics.pop(meta.get("elapsed_time_attr"), None)  # an objective of several; a table has it anyway
    return {
        "config_space": space,
        "metrics": metrics,
        "resource": meta.get("resource_attr"),
        "elapsed_time": meta.get("elapsed_time_attr"),
        "benchmark": meta["benchmark"],
    }


def _trials(folder: JobDir, facts: Mapping[str, Any]) -> list[_Trial]:
    trials: dict[int, _Trial] = {}
    for event in _events(folder):
        number, at = event["trial_id"], event["at"]
        match event["event"]:
            case "started":
                trials[number] = _Trial(event["config"], since=at)
            case "resumed":
                trials[number].since = at
            case "reported":
                _note(trials[number], event, facts)
            case "ended":
                trials[number].spent += at - trials[number].since
                trials[number].failed = event["status"] == "Failed"
    return list(trials.values())


def _note(trial: _Trial, event: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    report = event["metrics"]
    level = 1 if facts["resource"] is None else round(report[facts["resource"]])
    seconds = report.get(facts["elapsed_time"], trial.spent + event["at"] - trial.since)
    trial.rows[level] = (report, float(seconds))


def _events(folder: JobDir) -> Iterator[dict[str, Any]]:
    with folder.events.open() as file:
        for line in file:
            if line.endswith("\n"):  # the last line of an experiment that still runs may be half written
                yield json.loads(line)


def _table(facts: Mapping[str, Any], trials: Sequence[_Trial], *, failed: int, experiments: int) -> Recorded:
    space = Space(space_from_spec(facts["config_space"]).hyperparameters)
    seconds = facts["elapsed_time"] or SECONDS
    repeats: dict[tuple[Any, ...], int] = {}
    rows = []
    for trial in trials:
        key = space.key(trial.config)
        repeats[key] = repeats.get(key, -1) + 1
        # Clocks of legs that ran on different machines need not agree to the microsecond: time never runs back.
        before = 0.0
        for level, (report, since) in sorted(trial.rows.items()):
            before = max(before, since)
            own = {facts["resource"] or "": level, seconds: before, REPEAT: repeats[key]}
            values = {name: float(report.get(name, "nan")) for name in facts["metrics"]}
            rows.append({**trial.config, **own, **values})
    again = any(repeats.values())
    about = f"{len(trials)} trials of benchmark {facts['benchmark']}, recorded from {experiments} experiments."
    description = Description(
        space, facts["resource"], seconds, facts["metrics"], REPEAT if again else None, about=about
    )
    columns = {name: [row[name] for row in rows] for name in description.columns}
    return Recorded(columns, description, curves=len(trials), failed=failed)
