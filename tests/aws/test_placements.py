"""Where the loop runs and where its trials: here or on SageMaker, in all four combinations (one is any local sweep)."""

from __future__ import annotations

import json
import re

import pytest

from harness.emulator.api import SageMaker
from harness.emulator.refusal import Refusal
from tests.aws.launching import BUCKET, IMAGE, RELAYED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(autouse=True)
def pushed(monkeypatch):
    """The push of the image, which nothing is run in here, is tested elsewhere."""
    from types import SimpleNamespace

    monkeypatch.setattr("harness.runtime.push.push_image", lambda say: SimpleNamespace(by_digest=IMAGE))


@pytest.fixture
def run(launching):
    """Run a manifest where it says; its folder and its training jobs."""

    def run(manifest, *, here):
        if here:
            code, out, err = launching.run("sweep", manifest, "--runtime", "process")
        else:
            code, out, err = launching.remote(manifest, "--wait")
        assert code == 0, out + err
        (folder,) = launching.folders(manifest)
        jobs = launching.wait(manifest)
        return folder, [
            job for job in jobs if "run-job" not in job.request["AlgorithmSpecification"]["ContainerArguments"]
        ]

    return run


def reports(launching, folder):
    return [event for event in launching.events(folder) if event["event"] == "reported"]


@pytest.mark.parametrize("here", [True, False], ids=["loop here", "loop on SageMaker"])
def test_trials_are_paused_and_resumed_across_training_jobs(launching, run, here):
    manifest = launching.manifest(
        backend="sagemaker",
        scheduler="hyperband_promotion",
        num_trials=1,
        tuner_sleep_time=0.3,
        image_uri=IMAGE if here else None,
    )
    folder, trials = run(manifest, here=here)
    resumed = [job.name for job in trials if job.name.rsplit("-", 1)[0] in {other.name for other in trials}]
    assert resumed, "a resumed trial has a number behind its first job's name"
    seen = reports(launching, folder)
    assert any(event["metrics"]["resumed"] > 0 for event in seen), "the checkpoint came along"
    levels = [(event["trial_id"], event["metrics"]["epoch"]) for event in seen]
    assert len(levels) == len(set(levels)), "no level is trained twice"
    assert {job.status for job in trials} <= {"Completed", "Stopped"}
    assert json.loads((folder / "metadata.json").read_text())["cli_backend"] == "sagemaker"
    checkpoints = launching.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"syne-tune/{manifest.stem}/{folder.name}/")
    left = [item["Key"] for item in checkpoints.get("Contents", ()) if "/checkpoints/" in item["Key"]]
    assert len(left) <= 2, "checkpoints of ended trials are removed, but for those that the end cuts short"


@pytest.mark.parametrize("backend", ["local", "sagemaker"])
def test_a_script_of_the_users_that_reads_a_file_and_prints_its_metric(launching, run, backend):
    launching.script.write_text(RELAYED)
    manifest = launching.manifest(
        backend=backend,
        config_style="json",
        metric_regex=r"val_loss=(\S+)",
        resource_regex=r"Epoch (\d+)",
        image_uri=None if backend == "sagemaker" else IMAGE,
        tuner_sleep_time=0.3 if backend == "sagemaker" else None,
    )
    folder, trials = run(manifest, here=False)
    assert len(trials) == (2 if backend == "sagemaker" else 0)
    seen = reports(launching, folder)
    assert sorted((event["trial_id"], event["metrics"]["epoch"]) for event in seen) == [
        (trial, epoch) for trial in (0, 1) for epoch in range(1, 10)
    ]
    first = next(event["config"]["lr"] for event in launching.events(folder) if event["event"] == "started")
    assert seen[0]["metrics"]["loss"] == pytest.approx((first - 0.3) ** 2 + 1, abs=1e-4) or seen[0]["trial_id"] == 1


def test_a_loop_that_lost_its_instance_ends_its_earlier_trials_and_goes_on(launching):
    manifest = launching.manifest(
        experiment_name="lost",
        backend="sagemaker",
        pause=0.4,
        num_trials=3,
        tuner_sleep_time=0.3,
        image_uri=None,
        use_spot=True,
    )
    assert launching.remote(manifest)[0] == 0
    launching.until_reported(manifest)
    launching.aws.befall(outcome="interrupt", job=launching.jobs(manifest)[0].name)
    jobs = launching.wait(manifest, timeout=200)
    assert "1 completed" in launching.run("status", manifest)[1]
    launching.run("collect", manifest)
    (folder,) = launching.folders(manifest)
    assert "goes on after" in (folder / "tuner.log").read_text()
    events = launching.events(folder)
    assert [event["trial_id"] for event in events if event["event"] == "ended"].count(0) == 1
    levels = [(event["trial_id"], event["metrics"]["epoch"]) for event in events if event["event"] == "reported"]
    assert len(levels) == len(set(levels)) == 3 * 9
    assert all(job.ended for job in jobs)


def test_no_job_is_doubled_where_the_answer_to_its_creation_is_lost(launching, monkeypatch):
    answer, lost = SageMaker.answer, set()

    def losing(self, operation, body):
        found = answer(self, operation, body)
        if operation == "CreateTrainingJob" and body["TrainingJobName"] not in lost:
            lost.add(body["TrainingJobName"])
            raise Refusal("InternalFailure", "something went wrong", 500)
        return found

    monkeypatch.setattr(SageMaker, "answer", losing)
    manifest = launching.manifest(backend="sagemaker", tuner_sleep_time=0.3, image_uri=None)
    code, out, err = launching.remote(manifest, "--wait")
    assert code == 0, out + err
    assert len(lost) == len(launching.jobs(manifest)) == 3


def test_trials_wait_for_their_quota_and_take_another_type_without_capacity(launching, run, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text('"ml.m4.xlarge" = 360000\n"ml.m5.large" = 360000\n')
    launching.aws.faults.add(
        operation="CreateTrainingJob", code="ResourceLimitExceeded", message="0 Instances", times=2
    )
    launching.aws.outcomes.add(outcome="capacity", job="scarce-*")
    manifest = launching.manifest(
        experiment_name="scarce",
        backend="sagemaker",
        num_trials=3,
        tuner_sleep_time=0.3,
        fallback_instance_types="ml.m5.large",
    )
    folder, trials = run(manifest, here=True)
    log = (folder / "tuner.log").read_text()
    assert "waits: " in log and "CapacityError" in log
    kinds = [job.request["ResourceConfig"]["InstanceType"] for job in trials]
    assert len(trials) == 4 and kinds.count("ml.m4.xlarge") >= 1 and "ml.m5.large" in kinds
    out = launching.run("status", manifest, "--prices", prices)[1]
    said = float(re.search(r"spent so far: USD ([\d.]+)", out)[1])
    assert said == pytest.approx(launching.billed(manifest, 360000), abs=0.01) and said > 0


def test_the_trials_of_an_experiment_with_a_long_name_are_counted_in_its_cost(launching, run, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text('"ml.m4.xlarge" = 360000\n"ml.c5.xlarge" = 36000\n')
    name = "an-experiment-whose-name-has-a-lot-of-letters"
    manifest = launching.manifest(experiment_name=name, backend="sagemaker", tuner_sleep_time=0.3, image_uri=None)
    code, out, err = launching.remote(manifest, "--wait")
    assert code == 0, out + err
    out = launching.run("status", manifest, "--prices", prices)[1]
    ours = [job for job in launching.aws.jobs.all() if job.tags["hpo-harness:experiment"] == name]
    assert len(ours) == 3 and "(3 training jobs" in out
