"""Jobs as SageMaker training jobs. The job folder lies in S3, where the service keeps it equal with the job's own.

An experiment's name is that of its first training job; further attempts have a number behind it, since SageMaker takes
no name twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.aws.jobs import Summary, TrainingJobs, common_part
from harness.aws.names import experiment_key, training_job_name
from harness.aws.placement import Placement, common
from harness.aws.s3 import Bucket
from harness.aws.training_job import TrainingJob, request
from harness.jobdir import JobDir
from harness.plan.experiment import ExperimentOptions
from harness.plan.job import Job, write_job
from harness.plan.remote import run_limit

ML = "/opt/ml"
NAME = "sagemaker"
# What an attempt that failed leaves in S3, without which the next one starts anew.
STATE_FILES = ("events.jsonl", "status.json", "results.csv.zip", "metadata.json", "tuner.log")


def options_of(job: Job) -> ExperimentOptions:
    return ExperimentOptions(
        **{name: job.settings[name] for name in ExperimentOptions.model_fields if name in job.settings}
    )


def instance_types(options: ExperimentOptions) -> list[str]:
    """Types for the tuning loop, in the order that they are tried in."""
    first = options.tuner_instance if options.backend == "sagemaker" else options.trial_instance
    return list(dict.fromkeys([first, *(options.fallback_instance_types or "").split()]))


def placed(job: Job, placement: Placement, *, attempt: int, instance: int = 0) -> Job:
    """The job with what it needs to know of its place.

    Args:
        attempt: 1 for the first.
        instance: position among `instance_types`, taken round and round.
    """
    options = options_of(job)
    types = instance_types(options)
    name = training_job_name(job.tuner_name, "" if attempt == 1 else f"-r{attempt}")
    key = experiment_key(
        str(options.experiment_name), job.tuner_name, subdirectory=not options.no_experiment_subdirectory
    )
    launch = {
        **job.launch,
        "runtime": NAME,
        "training_job": name,
        "attempt": str(attempt),
        "region": placement.region,
        "s3_uri": f"s3://{placement.bucket}/{key}",
        "image": placement.image,
        "instance": types[instance % len(types)],
    }
    return replace(job, launch=launch, placement=placement.record())


def job_request(job: Job) -> dict[str, Any]:
    """Pure. What CreateTrainingJob is sent for a job that `placed` has prepared."""
    options = options_of(job)
    placement = Placement(**job.placement)
    given = [word for name in placement.channels for word in ("--data", f"{name}={ML}/input/data/{name}")]
    folder = f"{ML}/checkpoints/{job.tuner_name}"
    shown = {name: value for name, value in job.settings.items() if job.origins.get(name) != "default"}
    tags = {"hpo-harness:experiment": str(options.experiment_name), "hpo-harness:tuner": job.tuner_name}
    return request(
        TrainingJob(
            name=job.launch["training_job"],
            image=placement.image,
            command=("python", "-m", "harness", "run-job", folder, "--print_log", *given),
            checkpoints=job.launch["s3_uri"],
            local_path=folder,
            instance_type=job.launch["instance"],
            max_run_seconds=run_limit(options, options.scheduler_timeout),
            channels=placement.channels,
            shown=shown,
            **common(options, placement, tags),
        )
    )


class SageMakerRuntime:
    """Methods raise EnvironmentFault for what AWS refuses."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._jobs = TrainingJobs()

    def submit(self, job: Job, folder: JobDir, *, afresh: bool) -> bool:
        """Launch; whether that was new. QuotaFull where the account holds as many instances as it may.

        Args:
            folder: the job's folder on this machine; its description goes to S3.
            afresh: nothing that an earlier attempt left counts.
        """
        key = job.launch["s3_uri"].removeprefix(self._bucket.uri(""))
        if afresh:
            for name in STATE_FILES:
                self._bucket.remove(key + name)
        write_job(folder, job)
        self._bucket.put(key + folder.job.name, folder.job.read_bytes())
        if folder.status.exists():
            # What an earlier attempt ended with would be taken for the end of this one.
            self._bucket.put(key + folder.status.name, folder.status.read_bytes())
        return self._jobs.create(job_request(job))

    def summaries(self, names: Sequence[str]) -> Mapping[str, Summary]:
        """The training jobs of these names that exist, by one list for all."""
        wanted = set(names)
        if not wanted:
            return {}
        return {found.name: found for found in self._jobs.list(common_part(names)) if found.name in wanted}

    @property
    def jobs(self) -> TrainingJobs:
        return self._jobs


def plain(value: Mapping[str, Any]) -> str:
    """A request as text for people."""
    return json.dumps(value, indent=2)
