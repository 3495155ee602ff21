"""Jobs as SageMaker training jobs. The job folder lies in S3, where the service keeps it equal with the job's own.

An experiment's name is that of its first training job; further attempts have a number behind it, since SageMaker takes
no name twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.aws.jobs import Summary, TrainingJobs, common_part
from harness.aws.names import training_job_name
from harness.aws.placement import Placement, common, results_key
from harness.aws.s3 import Bucket
from harness.aws.training_job import TrainingJob, request
from harness.aws.trial_entry import ML
from harness.jobdir import JobDir
from harness.plan.experiment import ExperimentOptions, experiment_options
from harness.plan.job import Job, write_job

NAME = "sagemaker"
# What an attempt that failed leaves in S3, without which the next one starts anew.
STATE_FILES = ("events.jsonl", "status.json", "results.csv.zip", "metadata.json", "tuner.log")


def instance_types(options: ExperimentOptions) -> list[str]:
    """Types for the tuning loop, in the order that they are tried in."""
    first = options.tuner_instance if options.backend == "sagemaker" else options.trial_instance
    return list(dict.fromkeys([first, *options.fallback_instances]))


def placed(job: Job, placement: Placement, *, attempt: int, instance: int = 0) -> Job:
    """The job with what it needs to know of its place.

    Args:
        attempt: 1 for the first.
        instance: position among `instance_types`, taken round and round.
    """
    options = experiment_options(job.settings)
    types = instance_types(options)
    name = training_job_name(job.tuner_name, "" if attempt == 1 else f"-r{attempt}")
    launch = {
        **job.launch,
        "runtime": NAME,
        "training_job": name,
        "attempt": str(attempt),
        "region": placement.region,
        "s3_uri": f"s3://{placement.bucket}/{results_key(options, job.tuner_name)}",
        "image": placement.image,
        "instance": types[instance % len(types)],
    }
    return replace(job, launch=launch, placement=placement.record())


def job_request(job: Job) -> dict[str, Any]:
    """Pure. What CreateTrainingJob is sent for a job that `placed` has prepared."""
    options = experiment_options(job.settings)
    placement = Placement(**job.placement)
    given = [word for name in placement.channels for word in ("--data", f"{name}={ML}/input/data/{name}")]
    folder = f"{ML}/checkpoints/{job.tuner_name}"
    shown = {name: value for name, value in job.settings.items() if job.origins.get(name) != "default"}
    return request(
        TrainingJob(
            name=job.launch["training_job"],
            image=placement.image,
            command=("python", "-m", "harness", "run-job", folder, "--print_log", *given),
            checkpoints=job.launch["s3_uri"],
            local_path=folder,
            instance_type=job.launch["instance"],
            channels=placement.channels,
            shown=shown,
            **common(options, placement, job.tuner_name),
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
