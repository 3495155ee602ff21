"""Faults that calls meet, what is recorded of calls, and how both are asked for over HTTP."""

from __future__ import annotations

import time

import pytest
import requests
from botocore.exceptions import ClientError

pytestmark = pytest.mark.timeout(60)


def outcomes(call, times):
    """Error code of each of so many calls, "" for a good one."""
    codes = []
    for _ in range(times):
        try:
            call()
            codes.append("")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    return codes


def test_the_first_calls_meet_an_error_and_later_ones_do_not(lab):
    lab.aws.faults.add(operation="CreateTrainingJob", code="ResourceLimitExceeded", times=2)
    request = lab.request("at-last")
    codes = outcomes(lambda: lab.sagemaker.create_training_job(**request), 3)
    assert codes == ["ResourceLimitExceeded", "ResourceLimitExceeded", ""]
    assert outcomes(lab.sagemaker.list_training_jobs, 1) == [""]


def test_half_of_the_calls_are_throttled(lab):
    lab.aws.faults.add(service="sagemaker", probability=0.5)
    codes = outcomes(lab.sagemaker.list_training_jobs, 60)
    assert set(codes) == {"", "ThrottlingException"} and 15 < codes.count("") < 45


def test_calls_beyond_a_rate_are_throttled(lab):
    lab.aws.faults.add(service="sagemaker", per_second=5)
    begun, good = time.monotonic(), 0
    while time.monotonic() < begun + 1.5:
        good += outcomes(lab.sagemaker.list_training_jobs, 1).count("")
    assert 10 <= good <= 13


def test_s3_and_sts_fail_in_their_own_formats_and_botocore_tries_again(lab, clients, aws):
    from boto3.session import Session

    lab.aws.faults.add(service="s3", operation="PutObject", code="SlowDown", status=503, times=1)
    with pytest.raises(ClientError, match="SlowDown"):
        lab.s3.put_object(Bucket=lab.bucket, Key="key", Body=b"x")
    lab.aws.faults.add(service="s3", code="SlowDown", status=503, times=1)
    answer = Session().client("s3").put_object(Bucket=lab.bucket, Key="key", Body=b"x")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    lab.aws.faults.add(service="sts", code="ExpiredToken", status=403, times=1)
    with pytest.raises(ClientError, match="ExpiredToken"):
        clients["sts"].get_caller_identity()


def test_jobs_are_not_disturbed_by_faults_of_their_launchers_calls(lab):
    name = lab.create("print('written')")
    lab.aws.faults.add(service="s3", code="SlowDown", status=503)
    lab.aws.faults.add(service="logs")
    assert lab.wait(name)["TrainingJobStatus"] == "Completed"
    lab.aws.faults.clear()
    assert lab.lines(name) == ["written"]


def test_calls_are_counted_and_kept_with_what_was_asked_for(lab):
    name = lab.create(HyperParameters={"lr": "0.1"}, Tags=[{"Key": "a", "Value": "1"}])
    (call,) = lab.aws.calls.find("sagemaker", "CreateTrainingJob")
    assert call.body["TrainingJobName"] == name and call.body["HyperParameters"] == {"lr": "0.1"}
    assert call.body["Tags"] == [{"Key": "a", "Value": "1"}]
    counts = lab.aws.calls.counts()
    assert counts["sagemaker.CreateTrainingJob"] == 1
    assert counts["s3.PutObject"] == 1, "the emulator's own calls do not count"


def control(aws, method, name, body=None, **query):
    return requests.request(method, f"{aws.endpoint}/_emulator/{name}", json=body, params=query, timeout=10)


def test_control_calls_do_the_same_over_http(lab):
    aws = lab.aws
    assert control(aws, "POST", "faults", {"operation": "ListTrainingJobs", "times": 1}).status_code == 200
    assert outcomes(lab.sagemaker.list_training_jobs, 2) == ["ThrottlingException", ""]
    assert control(aws, "POST", "outcomes", {"outcome": "capacity"}).status_code == 200
    assert lab.run()["FailureReason"].startswith("CapacityError")
    assert control(aws, "POST", "settings", {"quotas": {"ml.m5.large": 0}, "grace": 1}).status_code == 200
    with pytest.raises(lab.sagemaker.exceptions.ResourceLimitExceeded):
        lab.create()
    state = control(aws, "GET", "state").json()
    assert state["settings"]["quotas"] == {"ml.m5.large": 0} and state["counts"]["sagemaker.ListTrainingJobs"] == 2
    assert "Failed" in [job["TrainingJobStatus"] for job in state["jobs"]]
    found = control(aws, "GET", "requests", operation="Create*").json()
    assert {one["operation"] for one in found} == {"CreateBucket", "CreateTrainingJob"}
    control(aws, "DELETE", "requests")
    assert control(aws, "GET", "requests").json() == []


@pytest.mark.parametrize(
    ("method", "name", "body", "said"),
    [
        ("POST", "faults", {"operatoin": "x"}, "operation"),
        ("POST", "outcomes", {"outcome": "flood"}, "capacity, internal, kill, interrupt"),
        ("POST", "settings", {"graze": 1}, "did you mean 'grace'"),
        ("POST", "settings", {"grace": "long"}, "a number of at least 0 is needed"),
        ("GET", "stat", None, "GET state"),
    ],
)
def test_a_wrong_control_call_says_what_there_is(aws, method, name, body, said):
    answer = control(aws, method, name, body)
    assert answer.status_code in (400, 404) and said in answer.json()["message"]
