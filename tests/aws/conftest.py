"""Emulated AWS, one for these tests; each finds it without faults, outcomes and recorded calls.

It ends with them: other tests count the processes and open files of their own process.
"""

from __future__ import annotations

import time
import uuid

import pytest

from harness.emulator.server import Emulator
from harness.emulator.settings import Settings
from tests.aws.launching import Launching

TERMINAL = ("Completed", "Failed", "Stopped")
# What every job of these tests begins with.
PRELUDE = """
import json, os, pathlib, signal, subprocess, sys, time
ML = pathlib.Path(os.environ.get("HPO_ML_ROOT", "/opt/ml"))
CHECKPOINTS = ML / "checkpoints"
"""


@pytest.fixture(scope="package")
def emulator():
    with Emulator("process") as emulator:
        yield emulator


@pytest.fixture
def aws(emulator, monkeypatch):
    """The emulator, in the environment of the test."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    yield emulator
    emulator.faults.clear()
    emulator.outcomes.clear()
    emulator.calls.clear()
    emulator.settings.change(vars(Settings()))
    for job in emulator.jobs.all():
        if job.status == "InProgress":
            emulator.jobs.stop(job)


@pytest.fixture(scope="package")
def clients(emulator):
    """By service; making one takes a third of a second. SageMaker's does not try again."""
    from boto3.session import Session
    from botocore.config import Config

    keys = emulator.environment
    session = Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=keys["AWS_DEFAULT_REGION"])
    once = Config(retries={"total_max_attempts": 1})
    services = ("s3", "logs", "sagemaker", "service-quotas", "sts")
    return {name: session.client(name, endpoint_url=emulator.endpoint, config=once) for name in services}


@pytest.fixture
def lab(aws, clients):
    return Lab(aws, clients)


class Lab:
    """Training jobs that run lines of Python, with a bucket and names of the test's own."""

    def __init__(self, aws, clients):
        self.aws = aws
        self.s3, self.logs, self.sagemaker = clients["s3"], clients["logs"], clients["sagemaker"]
        self.bucket = f"bucket-{uuid.uuid4().hex[:8]}"
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

    def request(self, name, code="", **changes):
        """Code longer than an argument may be travels as an input channel."""
        self.s3.put_object(Bucket=self.bucket, Key=f"code/{name}/main.py", Body=(PRELUDE + code).encode())
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/code/{name}/"}
        return {
            "TrainingJobName": name,
            "RoleArn": self.aws.role,
            "AlgorithmSpecification": {
                "TrainingInputMode": "File",
                "TrainingImage": "registry/image:tag",
                "ContainerEntrypoint": ["python", "-u", "/opt/ml/input/data/code/main.py"],
                **changes.pop("algorithm", {}),
            },
            "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/out"},
            "CheckpointConfig": {"S3Uri": f"s3://{self.bucket}/checkpoints/{name}"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes,
        }

    def create(self, code="", name=None, **changes):
        name = name or f"job-{uuid.uuid4().hex[:8]}"
        self.sagemaker.create_training_job(**self.request(name, code, **changes))
        return name

    def describe(self, name):
        return self.sagemaker.describe_training_job(TrainingJobName=name)

    def wait(self, name, *states, timeout=30):
        """Until the job is in one of these states or stages, by default any at its end."""
        deadline = time.monotonic() + timeout
        while True:
            shown = self.describe(name)
            if {shown["TrainingJobStatus"], shown["SecondaryStatus"]} & set(states or TERMINAL):
                return shown
            assert time.monotonic() < deadline, shown
            time.sleep(0.05)

    def run(self, code="", **changes):
        return self.wait(self.create(code, **changes))

    def objects(self, prefix=""):
        """Key without the prefix -> content."""
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        read = {item["Key"]: self.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read() for item in found}
        return {key.removeprefix(prefix): content for key, content in read.items()}

    def lines(self, name):
        """Of all streams of exactly this job."""
        group = "/aws/sagemaker/TrainingJobs"
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        found = []
        for stream in streams:
            told = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )
            found += [event["message"] for event in told["events"]]
        return found

    def await_output(self, name, text, timeout=30):
        """Until a line of the job is there."""
        deadline = time.monotonic() + timeout
        while True:
            with_group = self.describe(name)["SecondaryStatus"] not in ("Starting", "Pending", "Downloading")
            if with_group and any(text in line for line in self.lines(name)):
                return
            assert time.monotonic() < deadline, f"{name} does not say {text}"
            time.sleep(0.1)


@pytest.fixture
def launching(aws, clients, tmp_path, monkeypatch, capsys):
    return Launching(aws, clients["s3"], tmp_path, monkeypatch, capsys)
