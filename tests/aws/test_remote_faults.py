"""What AWS does to launches: it throttles, refuses, loses and kills. All experiments end, none twice, spend correct."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
USD_AN_HOUR = 360000.0  # so that seconds show in a price with two digits


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(f'"ml.m4.xlarge" = {USD_AN_HOUR}\n"ml.c5.xlarge" = {USD_AN_HOUR}\n"ml.m5.large" = {USD_AN_HOUR}\n')
    return path


@pytest.fixture
def check(launching, prices):
    """All ended well, so many training jobs were accepted for them, and `status` says what they cost."""

    def check(manifest, experiments, accepted=None):
        launching.wait(manifest)
        code, out, err = launching.run("status", manifest, "--prices", prices)
        assert code == 0 and f"{experiments} completed" in out, out + err
        assert len(launching.jobs(manifest)) == (accepted or experiments)
        said = float(re.search(r"spent so far: USD ([\d.]+)", out)[1])
        assert said == pytest.approx(launching.billed(manifest, USD_AN_HOUR), abs=0.01) and said > 0
        launching.run("collect", manifest)
        for folder in launching.folders(manifest):
            done = [event for event in launching.events(folder) if event["event"] == "ended"]
            assert len({event["trial_id"] for event in done}) >= 2
        assert launching.remote(manifest)[0] == 0
        assert len(launching.jobs(manifest)) == (accepted or experiments), "nothing is launched again"

    return check


def test_half_of_all_calls_are_throttled(launching, check):
    launching.aws.faults.add(service="sagemaker", probability=0.5)
    launching.aws.faults.add(service="logs", probability=0.5)
    manifest = launching.manifest(num_runs=3)
    code, _, err = launching.remote(manifest)
    assert code == 0, err
    check(manifest, 3)


def test_the_first_creates_meet_the_limit_of_the_account(launching, check):
    message = "The account-level service limit 'ml.m4.xlarge for training job usage' is 0 Instances"
    launching.aws.faults.add(
        service="sagemaker", operation="CreateTrainingJob", code="ResourceLimitExceeded", message=message, times=5
    )
    manifest = launching.manifest(num_runs=2)
    code, out, err = launching.remote(manifest)
    assert code == 0 and out.count("waiting: ") == 1 and "service limit" in out, err
    check(manifest, 2)


def test_without_capacity_the_next_type_is_taken(launching, check):
    launching.aws.outcomes.add(outcome="capacity", job="cap-*")
    manifest = launching.manifest(experiment_name="cap", num_runs=2, fallback_instance_types="ml.m5.large")
    code, out, err = launching.remote(manifest, "--wait")
    assert code == 0 and out.count("CapacityError") == 1, out + err
    check(manifest, 2, accepted=3)
    types = [job.request["ResourceConfig"]["InstanceType"] for job in launching.jobs(manifest)]
    assert sorted(types) == ["ml.m4.xlarge", "ml.m4.xlarge", "ml.m5.large"]


def test_faults_of_the_service_are_tried_again_also_by_a_later_call(launching, check):
    launching.aws.outcomes.add(outcome="internal", job="broken-*")
    launching.aws.outcomes.add(outcome="capacity", job="broken-*")
    manifest = launching.manifest(experiment_name="broken", num_runs=2)
    assert launching.remote(manifest)[0] == 0
    launching.wait(manifest)
    assert "2 failed" in launching.run("status", manifest)[1]
    assert launching.remote(manifest)[0] == 0
    check(manifest, 2, accepted=4)


def test_a_job_that_the_service_kills_goes_on_where_it_was(launching, check):
    manifest = launching.manifest(experiment_name="killed", pause=0.3, num_trials=4)
    assert launching.remote(manifest)[0] == 0
    launching.until_reported(manifest)
    launching.aws.befall(outcome="kill", job="killed-*")
    launching.wait(manifest)
    code, out, err = launching.remote(manifest, "--wait")
    assert code == 0 and "InternalServerError" in out, out + err
    check(manifest, 1, accepted=2)
    folder = launching.folders(manifest)[0]
    assert "goes on after" in (folder / "tuner.log").read_text()


def test_s3_fails_for_a_while(launching, check):
    launching.aws.faults.add(
        service="s3", code="SlowDown", message="Please reduce your request rate.", status=503, times=8
    )
    manifest = launching.manifest(num_runs=2)
    code, _, err = launching.remote(manifest)
    assert code == 0, err
    launching.aws.faults.add(service="s3", code="InternalError", message="We failed", status=500, times=8)
    check(manifest, 2)


def test_an_interrupted_spot_job_resumes(launching, check):
    manifest = launching.manifest(experiment_name="spot", pause=0.3, num_trials=4, use_spot=True)
    assert launching.remote(manifest)[0] == 0
    job = launching.jobs(manifest)[0]
    launching.until_reported(manifest)
    launching.aws.befall(outcome="interrupt", job="spot-*")
    check(manifest, 1)
    assert "Interrupted" in [stage["Status"] for stage in job.transitions]
    log = (launching.folders(manifest)[0] / "tuner.log").read_text()
    assert "goes on after" in log
    events = launching.events(launching.folders(manifest)[0])
    reported = [(event["trial_id"], event["metrics"]["epoch"]) for event in events if event["event"] == "reported"]
    assert len(reported) == len(set(reported)) == 4 * 9
    assert json.loads((launching.folders(manifest)[0] / "status.json").read_text())["state"] == "completed"
