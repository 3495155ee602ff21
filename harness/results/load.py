"""Folders of experiments, ours or Syne Tune's -> experiments. What cannot be read is named, not raised."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.jobdir import JobDir
from harness.results.status import read_status

# get_metadata of Syne Tune takes a metadata.json without it for another tool's.
CREATED = "st_tuner_creation_timestamp"
# State of an experiment whose status file is broken: whether it has finished is not known.
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Broken:
    """A folder that was skipped, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Experiment:
    """One experiment's folder. Only `metadata` is read at once.

    Attributes:
        metadata: `metadata.json`: settings and facts, all flat.
        metric, mode: what was optimised (the first of several metrics), "min" or "max".
    """

    folder: Path
    metadata: Mapping[str, Any]
    metric: str
    mode: str

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def status(self) -> Mapping[str, Any]:
        """`status.json`; {} in folders of Syne Tune and where only results and metadata were copied."""
        job = JobDir(self.folder)
        status = read_status(job)
        if not isinstance(status.get("state"), str) and job.status.exists():
            return {"state": UNREADABLE, "reason": "status.json cannot be read"}
        return status

    @property
    def state(self) -> str:
        return str(self.status.get("state", "unknown"))

    @property
    def finished(self) -> bool:
        """Whether its last value may be compared; true also where nothing is known of its state."""
        return self.state in ("completed", "unknown")

    @property
    def virtual(self) -> bool:
        """Whether its times are those of a simulation."""
        return self.metadata.get("backend") == "BlackboxRepositoryBackend"

    @property
    def resource_attr(self) -> str | None:
        return self.metadata.get("resource_attr") or None

    @property
    def constraint_attr(self) -> str | None:
        """Reported value that is at most 0 where a report is feasible."""
        return self.metadata.get("constraint_attr") or None

    @property
    def goal(self) -> str:
        """The metric, where it is to go, and what limits it: experiments of one goal can be compared."""
        limit = f", {self.constraint_attr} at most 0" if self.constraint_attr else ""
        return f"{self.metric} ({self.mode}{limit})"

    @property
    def pair(self) -> int | None:
        """What experiments of one repetition share: the seed. None where nothing tells repetitions apart."""
        facts = self.metadata
        for name in ("random_seed", "seed"):
            if name in facts:
                return _whole(facts[name])
        if "run_id" not in facts:
            return None
        offset, run_id = _whole(facts.get("random_seed_offset", 0)), _whole(facts["run_id"])
        return None if offset is None or run_id is None else offset + run_id


def _whole(value: Any) -> int | None:
    number = isinstance(value, (int, float)) and math.isfinite(value) and value == int(value)
    return int(value) if number else None


def find(folders: Iterable[Path]) -> tuple[list[Experiment], list[Broken]]:
    """The experiments that lie in the folders, at any depth, in the order of their names.

    A folder that holds neither an experiment nor folders with experiments is among the broken ones. Nothing below an
    experiment's own folder is looked at, so that trial folders cost nothing.
    """
    experiments: list[Experiment] = []
    broken: list[Broken] = []
    for folder in dict.fromkeys(folders):
        for one in _walk(folder):
            (experiments if isinstance(one, Experiment) else broken).append(one)  # type: ignore[arg-type]
    return experiments, broken


def _walk(folder: Path) -> Iterator[Experiment | Broken]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Broken(folder.name, f"cannot be read: {error.strerror}")
        return
    names = {entry.name for entry in entries}
    if names & {"metadata.json", "job.json", "results.csv.zip", "results.csv"}:
        yield read_experiment(folder)
        return
    below = [Path(entry) for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    if not below:
        yield Broken(folder.name, "no experiment: it has no metadata.json")
    for path in below:
        yield from _walk(path)


def read_experiment(folder: Path) -> Experiment | Broken:
    """The experiment of a folder that should hold one."""
    job = JobDir(folder)
    try:
        metadata = json.loads(job.metadata.read_bytes())
    except FileNotFoundError:
        status = read_status(job)
        story = ": ".join(filter(None, [str(status.get("state", "")), str(status.get("reason", ""))]))
        return Broken(folder.name, f"no metadata.json{f' ({story})' if story else ''}")
    except (OSError, ValueError) as error:
        return Broken(folder.name, f"metadata.json cannot be read: {error}")
    if not isinstance(metadata, dict) or CREATED not in metadata:
        return Broken(folder.name, f"metadata.json is another tool's: it has no {CREATED}")
    metric, mode = _first(metadata.get("metric_names")), _first(metadata.get("metric_mode"))
    if not isinstance(metric, str) or mode not in ("min", "max"):
        return Broken(folder.name, "metadata.json names no metric (metric_names), or no direction (metric_mode)")
    return Experiment(folder, metadata, metric, mode)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
