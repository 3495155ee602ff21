"""What CreateTrainingJob is sent: a description of the job -> the request, as plain data.

Nothing here relies on the toolkit of framework images: the entry point unpacks our source and starts our command, in
any image that has Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CODE_CHANNEL = "code"
# The service's own limits (see harness.aws.contract) are wider; these are the stricter ones of its documentation.
MAX_HYPERPARAMETERS = 100
MAX_VALUE = 256
MAX_ARGUMENT = 256
MAX_TAG_VALUE = 256
# Unpacks the source, makes it importable, and becomes the entry point that hands signals on. The variable is for
# emulators that run no container.
BOOTSTRAP = (
    "import os,sys,tarfile;m=os.environ.get('HPO_ML_ROOT','/opt/ml');c=m+'/code';"
    "tarfile.open(m+'/input/data/code/source.tar.gz').extractall(c);os.environ['PYTHONPATH']=c;"
    "os.execv(sys.executable,[sys.executable,c+'/docker/entrypoint.py']+sys.argv[1:])"
)


@dataclass(frozen=True)
class TrainingJob:
    """A training job of ours.

    Attributes:
        command: what runs in the container, with the source importable.
        code: address of the folder that holds the source archive.
        checkpoints: address that the service keeps equal with `local_path`, in both directions.
        channels: name -> address of a folder in S3, found in /opt/ml/input/data/NAME.
        shown: hyper-parameters for people who look at the console; the command does not depend on them.
    """

    name: str
    role: str
    image: str
    command: tuple[str, ...]
    code: str
    checkpoints: str
    output: str
    instance_type: str
    max_run_seconds: int
    local_path: str = "/opt/ml/checkpoints"
    channels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    volume_size_gb: int = 30
    use_spot: bool = False
    profiler: bool = False
    kms_key: str | None = None
    subnets: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()


def request(job: TrainingJob) -> dict[str, Any]:
    """Pure. The keyword arguments of boto3's `create_training_job`."""
    kms = {"KmsKeyId": job.kms_key} if job.kms_key else {}
    volume_kms = {"VolumeKmsKeyId": job.kms_key} if job.kms_key else {}
    found: dict[str, Any] = {
        "TrainingJobName": job.name,
        "RoleArn": job.role,
        "AlgorithmSpecification": {
            "TrainingImage": job.image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python", "-c", BOOTSTRAP],
            "ContainerArguments": list(job.command),
        },
        "InputDataConfig": [_channel(CODE_CHANNEL, job.code), *(_channel(*item) for item in job.channels.items())],
        "OutputDataConfig": {"S3OutputPath": job.output, **kms},
        "CheckpointConfig": {"S3Uri": job.checkpoints, "LocalPath": job.local_path},
        "ResourceConfig": {
            "InstanceType": job.instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": job.volume_size_gb,
            **volume_kms,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_run_seconds},
        "HyperParameters": _shown(job.shown),
        "Environment": dict(job.environment),
        "ProfilerConfig": {"DisableProfiler": not job.profiler},
        "Tags": [{"Key": key, "Value": value[:MAX_TAG_VALUE]} for key, value in job.tags.items()],
    }
    if job.use_spot:
        found["EnableManagedSpotTraining"] = True
        # As long again for waiting: capacity may come back late.
        found["StoppingCondition"]["MaxWaitTimeInSeconds"] = 2 * job.max_run_seconds
    if job.subnets:
        found["VpcConfig"] = {"Subnets": list(job.subnets), "SecurityGroupIds": list(job.security_group_ids)}
    return {name: value for name, value in found.items() if value not in ({}, [])}


def _channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "InputMode": "File"}


def _shown(values: Mapping[str, Any]) -> dict[str, str]:
    """As many as SageMaker takes, each on one line and cut to what it takes."""
    return dict([(_line(name), _line(value)) for name, value in values.items()][:MAX_HYPERPARAMETERS])


def _line(value: Any) -> str:
    return " ".join(str(value).splitlines())[:MAX_VALUE]
