"""`harness emulate-aws` as a program: what it prints, that its environment serves, that nothing of it remains."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from harness.__main__ import main
from tests.aws.program import emulating

pytestmark = pytest.mark.timeout(60)
JOB = """
import boto3, os, time
sagemaker, s3 = boto3.client("sagemaker"), boto3.client("s3")
s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]})
sagemaker.create_training_job(
    TrainingJobName="job",
    RoleArn=os.environ["SAGEMAKER_ROLE"],
    AlgorithmSpecification={
        "TrainingInputMode": "File",
        "TrainingImage": "image",
        "ContainerEntrypoint": ["sleep", "6543.5"],
    },
    OutputDataConfig={"S3OutputPath": "s3://bucket/"},
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    StoppingCondition={"MaxRuntimeInSeconds": 60},
)
while sagemaker.describe_training_job(TrainingJobName="job")["SecondaryStatus"] != "Training":
    time.sleep(0.05)
"""


def sleeping():
    return subprocess.run(["pgrep", "-fx", "sleep 6543.5"], capture_output=True).returncode == 0


def test_it_serves_until_it_is_told_to_end_and_leaves_nothing(tmp_path):
    with emulating("process", tmp_path) as (_, environment):
        subprocess.run([sys.executable, "-c", JOB], env={**os.environ, **environment}, check=True)
        assert list(tmp_path.iterdir()) and sleeping()
    assert not sleeping() and not list(tmp_path.iterdir())


def test_a_port_that_is_taken_and_a_missing_package_are_one_line(capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["emulate-aws", "--executor", "process", "--port", str(port)]) == 3
    assert f"port {port} of 127.0.0.1 cannot be had" in capsys.readouterr().err.splitlines()[0]
    monkeypatch.setitem(sys.modules, "moto.server", None)
    assert main(["emulate-aws"]) == 3
    error, hint = capsys.readouterr().err.splitlines()
    assert "`moto.server` is not installed" in error and "hpo-harness[emulator]" in hint
    assert main(["emulate-aws", "--slots", "0"]) == 2
