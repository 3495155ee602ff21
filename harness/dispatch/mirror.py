"""Folders on this machine as mirrors of those in S3: state first, results when they are asked for."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from harness.aws.jobs import Details, Summary
from harness.aws.names import experiments_prefix, prefix_of, split_uri
from harness.aws.s3 import Bucket
from harness.jobdir import JobDir, replacing
from harness.plan.job import Job, read_job
from harness.results.status import FINAL, read_status, write_end, write_open
from harness.runtime.sagemaker import SageMakerRuntime

# What analysis needs, and what tells how it came about.
ANALYSIS = ("job.json", "status.json", "metadata.json", "results.csv.zip", "events.jsonl", "tuner.log")


@dataclass(frozen=True)
class RemoteJob:
    """An experiment on SageMaker and the folder that mirrors it."""

    job: Job
    folder: JobDir

    @property
    def training_job(self) -> str:
        return self.job.launch["training_job"]

    @property
    def place(self) -> tuple[str, str]:
        """(bucket, key)."""
        return split_uri(self.job.launch["s3_uri"])

    def is_of(self, name: str) -> bool:
        """Whether the name is its own or its experiment's."""
        return name in (self.job.tuner_name, self.job.settings["experiment_name"])

    @property
    def ended(self) -> bool:
        return read_status(self.folder).get("state") in FINAL


def remote_job(folder: JobDir) -> RemoteJob | None:
    """The experiment of the folder, None where it is none, or none on SageMaker."""
    with contextlib.suppress(ValueError):
        job = read_job(folder)
        if "training_job" in job.launch:
            return RemoteJob(job, folder)
    return None


def found_in(bucket: Bucket, name: str, root_job: Callable[[str], JobDir]) -> list[RemoteJob]:
    """Experiments of that name, or the one of that tuner name, that lie in the bucket; each gets a folder here."""
    own = experiments_prefix(name)
    # Without a folder of the experiment's they lie among those of others.
    flat = experiments_prefix("")
    prefixes = [f"{own}{folder}/" for folder in bucket.folders(own)]
    prefixes += [f"{flat}{name}-{folder}/" for folder in bucket.folders(f"{flat}{name}-")]
    if (experiment := prefix_of(name)) is not None:
        prefixes += [f"{flat}{name}/", f"{experiments_prefix(experiment)}{name}/"]
    jobs = []
    for prefix in prefixes:
        folder = root_job(PurePosixPath(prefix).name)
        if prefix_of(folder.path.name) is None:
            continue
        _renew_description(bucket, prefix, folder)
        found = remote_job(folder)
        jobs += [found] if found is not None and found.is_of(name) else []
    return jobs


def _renew_description(bucket: Bucket, prefix: str, folder: JobDir) -> None:
    """Another machine may have launched it again since it was looked at from here."""
    if read_status(folder).get("state") == "completed":
        return
    description = bucket.get(f"{prefix}{folder.job.name}")
    if description is None or not _whole(folder.job.name, description):
        return
    known = remote_job(folder)
    if known is None or int(json.loads(description)["launch"]["attempt"]) > int(known.job.launch["attempt"]):
        folder.path.mkdir(parents=True, exist_ok=True)
        with replacing(folder.job) as file:
            file.write(description)
        write_open(folder)


class Mirror:
    """Brings states and files of experiments home. One list call for all states."""

    def __init__(self, bucket: Bucket, runtime: SageMakerRuntime) -> None:
        self._bucket = bucket
        self._runtime = runtime
        self._details: dict[str, Details] = {}

    def refresh(self, jobs: Iterable[RemoteJob]) -> Mapping[str, Summary]:
        """Renew `status.json` of those whose end is not known yet; their training jobs, by tuner name.

        A training job that ended before its experiment could say how is said so for it.
        """
        pending = [job for job in jobs if not job.ended]
        summaries = self.training_jobs(pending)
        seen = {}
        for one in pending:
            summary = summaries.get(one.training_job)
            self._fetch(one, one.folder.status.name)
            if summary is None:
                continue
            seen[one.job.tuner_name] = summary
            if summary.running and read_status(one.folder).get("state") == "stopped":
                # By an interruption, after which SageMaker starts it again; or it is still being stopped.
                write_open(one.folder)
            if not summary.running and not one.ended:
                details = self.details(one.training_job)
                state = "stopped" if details.status == "Stopped" else "failed"
                write_end(one.folder, state, f"SageMaker: {details.reason or details.secondary or details.status}")
        return seen

    def training_jobs(self, jobs: Iterable[RemoteJob]) -> Mapping[str, Summary]:
        """How SageMaker sees them, by name of the training job."""
        return self._runtime.summaries([job.training_job for job in jobs])

    def details(self, training_job: str) -> Details:
        """Of a job that has ended they are asked for once."""
        found = self._details.get(training_job)
        if found is None:
            found = self._runtime.jobs.describe(training_job)
            if found.billable is not None:
                self._details[training_job] = found
        return found

    def fetch(self, one: RemoteJob) -> int:
        """Bring files home; bytes that had to be."""
        _, key = one.place
        present = {entry.key.removeprefix(key) for entry in self._bucket.list(key)}
        return sum(self._fetch(one, name) for name in ANALYSIS if name in present)

    def _fetch(self, one: RemoteJob, name: str) -> int:
        data = self._bucket.get(one.place[1] + name)
        path = one.folder.path / name
        if data is None or (path.exists() and path.read_bytes() == data) or not _whole(name, data):
            return 0
        with replacing(path) as file:
            file.write(data)
        return len(data)


def _whole(name: str, data: bytes) -> bool:
    """Whether a JSON file is more than the torn half of one."""
    if not name.endswith(".json"):
        return True
    try:
        json.loads(data)
    except ValueError:
        return False
    return True
