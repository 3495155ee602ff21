"""A job: one experiment with one seed, as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from harness.jobdir import JobDir, read_json, write_json

SCHEMA = 1
# JSON types of a job's fields.
_TYPES = {
    "index": int,
    "job_id": str,
    "tuner_name": str,
    "settings": dict,
    "origins": dict,
    "launch": dict,
    "placement": dict,
}

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """Attributes:
    index: position in the sweep's total order.
    job_id: digest of the settings that can change a result; equal for equal experiments, on any machine.
    settings: flat scalars, defaults included, absent where there is neither value nor default.
    origins: setting -> where its value comes from.
    launch: how it was launched (runtime, image, revision of the code), for metadata; empty before.
    placement: what the back-end sagemaker needs of AWS, where the launcher has prepared it; not for metadata.
    """

    index: int
    job_id: str
    tuner_name: str
    settings: Settings
    origins: Mapping[str, str] = field(default_factory=dict)
    launch: Mapping[str, str] = field(default_factory=dict)
    placement: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run_id(self) -> int:
        return int(self.settings["run_id"])

    @property
    def random_seed(self) -> int:
        return int(self.settings["random_seed"])

    def record(self) -> dict[str, Any]:
        """The line of `plan --json`."""
        return {
            "index": self.index,
            "job_id": self.job_id,
            "tuner_name": self.tuner_name,
            "run_id": self.run_id,
            "random_seed": self.random_seed,
            "random_seed_offset": self.settings["random_seed_offset"],
            "settings": dict(self.settings),
        }


def digest(text: str) -> str:
    """16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_job(folder: JobDir, job: Job) -> None:
    facts = {"origins": dict(job.origins), "launch": dict(job.launch)}
    if job.placement:
        facts["placement"] = dict(job.placement)
    write_json(folder.job, {"schema": SCHEMA, **job.record(), **facts})


def read_job(folder: JobDir) -> Job:
    """The job of a folder. ValueError where there is none, or it cannot be read, or its schema is unknown."""
    if not folder.job.exists():
        raise ValueError(f"{folder.path} is no job folder: it has no {folder.job.name}")
    try:
        record = read_json(folder.job)
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder.job} cannot be read: {error}") from None
    if not isinstance(record, dict):
        raise ValueError(f"{folder.job} holds no job")
    if record.get("schema") != SCHEMA:
        raise ValueError(f"{folder.job}: schema {record.get('schema')} is not known to this version ({SCHEMA})")
    required = [one.name for one in fields(Job) if one.default is MISSING and one.default_factory is MISSING]
    missing = [name for name in required if name not in record]
    if missing:
        raise ValueError(f"{folder.job} holds no job: it lacks {', '.join(missing)}")
    known = {name: record[name] for name in _TYPES if name in record}
    for name, value in known.items():
        if not isinstance(value, _TYPES[name]):
            raise ValueError(f"{folder.job} holds no job: {name} is {value!r}")
    return Job(**known)
