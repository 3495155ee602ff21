"""A training job in a container of an image that was pushed to the emulated ECR."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import time
import uuid

import pytest

from harness.runtime.bases import ensure_base
from harness.runtime.engine import Engine
from tests.aws.program import emulating

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

CODE = """
import os, pathlib, signal, sys, threading, time
ml = pathlib.Path("/opt/ml")
print(os.getpid(), os.getuid(), os.environ["TRAINING_JOB_NAME"], "SM_HPS" in os.environ)
print(sorted(path.name for path in (ml / "input/config").iterdir()), sorted(os.listdir(ml / "checkpoints")))
def end(*_):
    (ml / "checkpoints/last").write_text("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(ml / "model/weights").write_text("w")
print("ready", flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Process id of an emulator, in whose environment the test then is."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with emulating("docker", tmp_path) as (pid, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield pid


def pushed(ecr):
    """The base image of the other tests, which holds a Python, under a name of the emulated ECR; its digest there."""
    name = f"emulated-{uuid.uuid4().hex[:8]}"
    address = ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    with contextlib.closing(Engine.connect()) as engine:
        base = ensure_base(engine, "local", print).reference
        for _ in engine.push(base, address, "v1", {"username": user, "password": password}):
            pass
        engine.remove_image(f"{address}:v1", parents=False)
    found = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": "v1"}])
    return f"{address}@{found['imageDetails'][0]['imageDigest']}"


def wait(sagemaker, name, *states):
    deadline = time.monotonic() + 120
    while True:
        shown = sagemaker.describe_training_job(TrainingJobName=name)
        if shown["TrainingJobStatus"] in (states or ("Completed", "Failed", "Stopped")):
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)


def test_life_in_a_container(program):
    from boto3.session import Session

    session = Session()
    sagemaker, s3, logs = session.client("sagemaker"), session.client("s3"), session.client("logs")
    image = pushed(session.client("ecr"))
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="bucket", Key="checkpoints/before", Body=b"x")
    s3.put_object(Bucket="bucket", Key="code/main.py", Body=CODE.encode())
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/code/"}

    def create(name, seconds, image=image):
        sagemaker.create_training_job(
            TrainingJobName=name,
            RoleArn=os.environ["SAGEMAKER_ROLE"],
            AlgorithmSpecification={
                "TrainingInputMode": "File",
                "TrainingImage": image,
                "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/main.py"],
                "ContainerArguments": [seconds],
            },
            InputDataConfig=[{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
            OutputDataConfig={"S3OutputPath": "s3://bucket/out"},
            CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
        return name

    def lines(name):
        group = "/aws/sagemaker/TrainingJobs"
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]

    shown = wait(sagemaker, create("done", "0.1"))
    assert shown["TrainingJobStatus"] == "Completed", shown
    who, found, _ = lines("done")
    assert who == "1 0 done False"
    assert found == "['hyperparameters.json', 'inputdataconfig.json', 'resourceconfig.json'] ['before']"
    assert shown["ModelArtifacts"]["S3ModelArtifacts"] == "s3://bucket/out/done/output/model.tar.gz"

    create("stopped", "60")
    deadline = time.monotonic() + 60
    while sagemaker.describe_training_job(TrainingJobName="stopped")["SecondaryStatus"] != "Training" or not lines(
        "stopped"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    sagemaker.stop_training_job(TrainingJobName="stopped")
    assert wait(sagemaker, "stopped")["TrainingJobStatus"] == "Stopped"
    assert s3.get_object(Bucket="bucket", Key="checkpoints/last")["Body"].read() == b"saved"

    missing = wait(sagemaker, create("missing", "0", image.partition("@")[0] + ":none"))
    assert missing["FailureReason"].startswith("ClientError: Docker refuses to pull")

    create("cut-short", "60")
    deadline = time.monotonic() + 60
    while not containers(program):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    os.kill(program, signal.SIGTERM)
    while containers(program):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    with contextlib.closing(Engine.connect()) as engine:
        engine.remove_image(image, parents=False)


def containers(program):
    with contextlib.closing(Engine.connect()) as engine:
        found = [one["Labels"]["hpo-harness.emulator"] for one in engine.list("hpo-harness.emulator")]
    return [label for label in found if label.startswith(f"{program}-")]
