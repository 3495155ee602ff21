"""What SageMaker is sent, for each combination of where the loop and where its trials run; kept in `requests/`.

`GOLDEN_UPDATE=1` writes the files anew: look at what changed in them before you commit that.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.aws.contract import problems
from harness.aws.placement import Placement
from harness.backends.trial_job import TrialJobs
from harness.core.trial import Trial
from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.runtime.sagemaker import job_request, placed
from harness.tuner.assemble import load_benchmark

FOLDER = Path(__file__).parent / "requests"
PLACEMENT = Placement(
    region="us-west-2",
    account="123456789012",
    role="arn:aws:iam::123456789012:role/execution",
    bucket="bucket",
    image="123456789012.dkr.ecr.us-west-2.amazonaws.com/hpo-harness@sha256:" + "0" * 64,
    code="s3://bucket/hpo-harness/code/0123456789abcdef/",
    channels={"dataset_path": "s3://bucket/hpo-harness/data/dataset_path-0123456789abcdef/"},
)
CASES = {
    "remote_loop_local_trials": {"backend": "local", "scheduler": "hyperband_stopping"},
    "remote_loop_sagemaker_trials": {"backend": "sagemaker", "tuner_instance_type": "ml.m5.large", "use_spot": True},
}


def job_of(**values):
    given = {"experiment_name": "golden", "benchmark_name": "mlp_fashionmnist", "scheduler_timeout": 7200, **values}
    return next(build(Raw(given), 7, datetime(2026, 1, 2, tzinfo=UTC)).jobs())


def agrees(name, found):
    assert problems("CreateTrainingJob", found) == []
    file = FOLDER / f"{name}.json"
    if os.environ.get("GOLDEN_UPDATE"):
        file.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(file.read_text())


@pytest.mark.parametrize("name", CASES)
def test_the_loop_on_sagemaker(name):
    agrees(name, job_request(placed(job_of(**CASES[name]), PLACEMENT, attempt=1)))


def test_a_further_attempt_has_a_name_of_its_own_and_the_next_type_of_instance():
    job = job_of(fallback_instance_types="ml.m5.4xlarge")
    found = job_request(placed(job, PLACEMENT, attempt=2, instance=1))
    assert found["TrainingJobName"] == f"{job.tuner_name}-r2"
    assert found["ResourceConfig"]["InstanceType"] == "ml.m5.4xlarge"


class Accepting:
    """Takes every request."""

    def __init__(self):
        self.requests = []

    def create(self, request):
        self.requests.append(request)
        return True


class Kept:
    """A bucket in memory."""

    def __init__(self):
        self.objects = {}

    def put(self, key, data):
        self.objects[key] = data

    def uri(self, key):
        return f"s3://bucket/{key}"


@pytest.mark.parametrize("leg", [0, 2])
def test_trials_on_sagemaker(tmp_path, leg):
    job = job_of(backend="sagemaker", scheduler="hyperband_promotion")
    jobs, bucket = Accepting(), Kept()
    trials = TrialJobs(load_benchmark(job.settings), job, PLACEMENT, {}, jobs, bucket, JobDir(tmp_path))
    config = dict.fromkeys(["n_units_1", "n_units_2", "batch_size"], 16) | {"dropout_1": 0.5, "dropout_2": 0.5}
    trial = Trial(3, {**config, "learning_rate": 1e-5, "weight_decay": 1e-8}, leg=leg)
    trials.start(trials.leg(trial, 9))
    agrees(f"trial_leg_{leg}", jobs.requests[0])
    (content,) = bucket.objects.values()
    sent = json.loads(content)
    assert sent["command"][:2] == ["{python}", "/opt/ml/code/benchmarks/mlp_fashionmnist/train.py"]
    assert "--epochs 9" in " ".join(sent["command"])
    assert "--dataset_path /opt/ml/input/data/dataset_path" in " ".join(sent["command"])
    assert "--st_checkpoint_dir /opt/ml/checkpoints" in " ".join(sent["command"])
