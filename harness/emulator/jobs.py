"""Training jobs: what was asked for, where each of them is, and how many instances they hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.emulator.refusal import Refusal, invalid
from harness.emulator.settings import ACCOUNT, REGION, Settings

TERMINAL = ("Completed", "Failed", "Stopped")
DEFAULT_MAX_RUNTIME = 24 * 3600
MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Pending": "Waiting for an instance",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Interrupted": "The spot instance was taken back",
    "Restarting": "Starting again after a fault of the service",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
}


@dataclass
class Job:
    """Times are seconds since the epoch, `trained` is a number of seconds over all attempts.

    `wake` is set whenever its thread should look again: a stop, an outcome, the end of its container.
    """

    request: dict[str, Any]
    created: float = field(default_factory=time.time)
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "InProgress"
    transitions: list[dict[str, Any]] = field(default_factory=list)
    modified: float = 0.0
    started: float | None = None
    ended: float | None = None
    trained: float = 0.0
    failure: str = ""
    model: str = ""
    metrics: dict[str, tuple[float, float]] = field(default_factory=dict)
    wake: threading.Event = field(default_factory=threading.Event)

    @property
    def name(self) -> str:
        return str(self.request["TrainingJobName"])

    @property
    def arn(self) -> str:
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{self.name}"

    @property
    def instance_type(self) -> str:
        return str(self.request["ResourceConfig"]["InstanceType"])

    @property
    def spot(self) -> bool:
        return bool(self.request.get("EnableManagedSpotTraining"))

    @property
    def secondary(self) -> str:
        return str(self.transitions[-1]["Status"])

    @property
    def max_runtime(self) -> float:
        return float(self.request["StoppingCondition"].get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME))

    @property
    def max_wait(self) -> float | None:
        """Latest end of a spot job, None for others."""
        wait = self.request["StoppingCondition"].get("MaxWaitTimeInSeconds")
        return None if wait is None else self.created + wait


class Store:
    """All jobs since the start, ended ones included: their names stay taken."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jobs: dict[str, Job] = {}
        self._lock = threading.RLock()

    def create(self, request: dict[str, Any]) -> Job:
        """Refusal where the name is taken or the quota of its instance type is used up."""
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
        job = Job({name: value for name, value in request.items() if name != "Tags"}, tags=tags)
        with self._lock:
            if job.name in self._jobs:
                raise Refusal("ResourceInUse", "Training job names must be unique within an AWS account and region")
            self._check_quota(job)
            self._jobs[job.name] = job
            self.move(job, "Starting")
        return job

    def _check_quota(self, job: Job) -> None:
        quota, used = self._settings.quota(job.instance_type), self.used(job.instance_type, spot=job.spot)
        if used + 1 > quota:
            limit = f"'{job.instance_type} for {'spot ' if job.spot else ''}training job usage'"
            counts = f"{quota} Instances, with current utilization of {used} Instances"
            message = f"The account-level service limit {limit} is {counts} and a request delta of 1 Instances."
            raise Refusal("ResourceLimitExceeded", message)

    def used(self, instance_type: str, *, spot: bool) -> int:
        """Instances held from the creation of a job to its end, while it is being stopped included."""
        with self._lock:
            alive = (job for job in self._jobs.values() if job.status not in TERMINAL)
            return sum(job.instance_type == instance_type and job.spot is spot for job in alive)

    def get(self, name: str) -> Job:
        with self._lock:
            if name not in self._jobs:
                raise invalid("Requested resource not found.")
            return self._jobs[name]

    def by_arn(self, arn: str) -> Job:
        return self.get(arn.rpartition(":training-job/")[2])

    def all(self) -> list[Job]:
        with self._lock:
            return list(self._jobs.values())

    def move(self, job: Job, secondary: str, message: str = "") -> None:
        """The next stage of a job that goes on. One that is being stopped stays so whatever it still does."""
        with self._lock:
            if job.status == "InProgress" and not (job.transitions and job.secondary == secondary):
                self._enter(job, secondary, message or MESSAGES[secondary])

    def stop(self, job: Job) -> None:
        """Refusal where it has ended; nothing where it is being stopped already."""
        with self._lock:
            if job.status in TERMINAL:
                raise invalid(f"The request was rejected because the training job is in status {job.status}.")
            self.move(job, "Stopping")
            job.status = "Stopping"
        job.wake.set()

    def end(self, job: Job, status: str, secondary: str = "", failure: str = "") -> None:
        with self._lock:
            job.status, job.failure, job.ended = status, failure[:1024], time.time()
            self._enter(job, secondary or status, failure[:1024] or f"Training job {status.lower()}")

    def _enter(self, job: Job, secondary: str, message: str) -> None:
        job.modified = time.time()
        if job.transitions:
            job.transitions[-1]["EndTime"] = job.modified
        job.transitions.append({"Status": secondary, "StartTime": job.modified, "StatusMessage": message})
        if job.ended is not None:
            job.transitions[-1]["EndTime"] = job.modified

    def change_tags(self, job: Job, added: Mapping[str, str], removed: list[str]) -> None:
        with self._lock:
            tags = {**job.tags, **added}
            job.tags = {key: value for key, value in tags.items() if key not in removed}
