"""The arguments on where an experiment runs in the cloud."""

from __future__ import annotations

import json
import re
from typing import Literal

from pydantic import field_validator

from harness.options import Options, arg

DEFAULT_INSTANCE_TYPE = "ml.m4.xlarge"
DEFAULT_TUNER_INSTANCE_TYPE = "ml.c5.xlarge"
INSTANCE_PATTERN = r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$"
INSTANCE_FORM = "a type of instance such as ml.c5.4xlarge"
DEFAULT_VOLUME_GB = 30
LONG_HOURS = 12
DAY_SECONDS = 24 * 3600
MAX_DAYS = 28
STARTING_SECONDS = 30 * 60


class RemoteOptions(Options):
    """SageMaker training jobs: instances, who pays, where results go. Without effect on what runs on this machine."""

    instance_type: str | None = arg(
        None,
        f"SageMaker instance that trials run on [the benchmark's, else {DEFAULT_INSTANCE_TYPE}]",
        form=INSTANCE_FORM,
        pattern=INSTANCE_PATTERN,
    )
    tuner_instance_type: str | None = arg(
        None,
        "SageMaker instance that the tuning loop runs on where each trial has its own (backend sagemaker) "
        f"[{DEFAULT_TUNER_INSTANCE_TYPE}]",
        form=INSTANCE_FORM,
        pattern=INSTANCE_PATTERN,
    )
    fallback_instance_types: str | None = arg(
        None,
        'types to go on to where AWS has no capacity, in this order: "ml.c5.9xlarge ml.m5.4xlarge"',
        listable=False,
        identity=False,
    )
    use_spot: bool = arg(
        False, "spare capacity at a lower price, which AWS may take back: the job then goes on later", identity=False
    )
    max_run_seconds: int | None = arg(
        None,
        f"limit of a training job's run time [scheduler_timeout, 1 % and {STARTING_SECONDS // 60} minutes; without "
        f"scheduler_timeout {LONG_HOURS} hours]",
        listable=False,
        identity=False,
        ge=1,
        le=MAX_DAYS * DAY_SECONDS,
    )
    volume_size_gb: int | None = arg(
        None, f"disk of an instance, in GB [{DEFAULT_VOLUME_GB}]", listable=False, identity=False, ge=1, le=16384
    )
    sagemaker_execution_role: str | None = arg(
        None,
        "name or ARN of the IAM role that jobs run under [that of this notebook or of these credentials]",
        listable=False,
        identity=False,
    )
    image_uri: str | None = arg(
        None, "image in ECR to run in [this project's, pushed where it is missing]", listable=False, identity=False
    )
    framework: Literal["PyTorch", "HuggingFace"] | None = arg(
        None,
        "run trials of the back-end sagemaker in AWS's own image for this framework [in this project's image]",
        listable=False,
        identity=False,
    )
    framework_version: str | None = arg(
        None, "version of the framework [PyTorch: the newest that is known]", listable=False, identity=False
    )
    pytorch_version: str | None = arg(
        None, "version of PyTorch under framework HuggingFace", listable=False, identity=False
    )
    s3_bucket: str | None = arg(
        None, "bucket for code, data and results [sagemaker-REGION-ACCOUNT]", listable=False, identity=False
    )
    no_experiment_subdirectory: bool = arg(
        False,
        "results under syne-tune/TUNER_NAME, not syne-tune/EXPERIMENT_NAME/TUNER_NAME",
        listable=False,
        identity=False,
    )
    kms_key: str | None = arg(None, "KMS key that disks and results are encrypted with", listable=False, identity=False)
    subnets: str | None = arg(
        None, "subnets of a VPC that jobs run in, with blanks between them", listable=False, identity=False
    )
    security_group_ids: str | None = arg(
        None, "security groups of that VPC, with blanks between them", listable=False, identity=False
    )
    aws_tags: str | None = arg(
        None, 'tags of all jobs, for bills and policies, as JSON: {"team": "hpo"}', listable=False, identity=False
    )
    enable_sagemaker_profiler: bool = arg(
        False, "let SageMaker sample the load of instances", listable=False, identity=False
    )

    @field_validator("fallback_instance_types")
    @classmethod
    def _types(cls, text: str | None) -> str | None:
        for name in (text or "").split():
            if not re.fullmatch(INSTANCE_PATTERN, name):
                raise ValueError(f"{name} is not {INSTANCE_FORM}")
        return text

    @field_validator("aws_tags")
    @classmethod
    def _tags(cls, text: str | None) -> str | None:
        try:
            found = {} if text is None else json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise ValueError('must be a JSON object of texts, such as {"team": "hpo"}')
        return text

    @property
    def trial_instance(self) -> str:
        return self.instance_type or DEFAULT_INSTANCE_TYPE

    @property
    def fallback_instances(self) -> list[str]:
        return (self.fallback_instance_types or "").split()

    @property
    def tuner_instance(self) -> str:
        return self.tuner_instance_type or DEFAULT_TUNER_INSTANCE_TYPE


def run_limit(options: RemoteOptions, scheduler_timeout: float | None) -> int:
    """Seconds after which SageMaker ends a training job.

    A long experiment gets the 1 % of the old launcher; a short one also what a job takes to start.
    """
    if options.max_run_seconds is not None:
        return options.max_run_seconds
    if scheduler_timeout is None:
        return LONG_HOURS * 3600
    longer = int(1.01 * scheduler_timeout)
    if scheduler_timeout <= LONG_HOURS * 3600:
        longer += STARTING_SECONDS
    return min(longer, MAX_DAYS * DAY_SECONDS)
