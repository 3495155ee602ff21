"""Where on AWS an experiment runs: all that is asked, made or uploaded before its training jobs can be described."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.aws import bundle
from harness.aws.account import bucket, caller, execution_role
from harness.aws.names import experiment_key
from harness.aws.s3 import Bucket
from harness.plan.experiment import ExperimentOptions
from harness.plan.remote import DEFAULT_VOLUME_GB, RemoteOptions, run_limit

Say = Callable[[str], None]
CODE = "hpo-harness/code/"
DATA = "hpo-harness/data/"
OUTPUT = "hpo-harness/output"


@dataclass(frozen=True)
class Placement:
    """Attributes:
    image: address in a registry that SageMaker can pull from.
    code: address of the folder with the source archive.
    channels: argument of the training script -> address of its data set.
    trial_image: of trials that are jobs of their own, where it is another one.
    """

    region: str
    account: str
    role: str
    bucket: str
    image: str
    code: str
    channels: Mapping[str, str] = field(default_factory=dict)
    trial_image: str = ""

    def record(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def place(options: RemoteOptions, image: Callable[[], str], say: Say) -> Placement:
    """Find account, role and bucket, upload the source unless it is there. EnvironmentFault where one cannot be had.

    Args:
        image: address of the image, which may have to be pushed first.
    """
    who = caller()
    role = execution_role(options.sagemaker_execution_role, who)
    store = Bucket(bucket(options.s3_bucket, who), options.kms_key)
    data, digest = bundle.bundle()
    folder = f"{CODE}{digest}/"
    if not store.exists(folder + bundle.ARCHIVE):
        store.put(folder + bundle.ARCHIVE, data)
        say(f"source: {len(data) / 1e6:.1f} MB uploaded to {store.uri(folder)}")
    return Placement(who.region, who.account, role, store.name, image(), store.uri(folder))


def upload(data: Mapping[str, Path], files: Mapping[str, Sequence[Path]], store: Bucket, say: Say) -> dict[str, str]:
    """Upload data sets unless they are there; argument of the training script -> address.

    Args:
        data: argument -> folder.
        files: argument -> those of its files that go along.
    """
    channels = {}
    for argument, folder in data.items():
        prefix, new = store.upload_folder(folder, files[argument], f"{DATA}{argument}-")
        channels[argument] = store.uri(prefix)
        if new:
            say(f"data: {folder} uploaded to {store.uri(prefix)}")
    return channels


def results_key(options: ExperimentOptions, tuner_name: str) -> str:
    """Where an experiment's results lie in the bucket."""
    return experiment_key(str(options.experiment_name), tuner_name, subdirectory=not options.no_experiment_subdirectory)


def common(
    options: ExperimentOptions, placement: Placement, tuner_name: str, tags: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What all training jobs of an experiment share, as fields of `TrainingJob`. `tags`: further ones."""
    own = {"hpo-harness:experiment": str(options.experiment_name), "hpo-harness:tuner": tuner_name}
    return {
        "max_run_seconds": run_limit(options, options.scheduler_timeout),
        "role": placement.role,
        "code": placement.code,
        "output": f"s3://{placement.bucket}/{OUTPUT}",
        "volume_size_gb": options.volume_size_gb or DEFAULT_VOLUME_GB,
        "use_spot": options.use_spot,
        "profiler": options.enable_sagemaker_profiler,
        "kms_key": options.kms_key,
        "subnets": tuple((options.subnets or "").split()),
        "security_group_ids": tuple((options.security_group_ids or "").split()),
        "environment": {"AWS_DEFAULT_REGION": placement.region, "PYTHONUNBUFFERED": "1"},
        "tags": {**json.loads(options.aws_tags or "{}"), **own, **(tags or {})},
    }
