"""Requests that AWS takes, whatever the values; boto3 itself would let most faults through."""

import json
import string

from hypothesis import given
from hypothesis import strategies as st

from harness.aws.contract import problems
from harness.aws.training_job import BOOTSTRAP, MAX_ARGUMENT, TrainingJob, request

ROLE = "arn:aws:iam::123456789012:role/execution"
COMMON = {
    "name": "job",
    "role": ROLE,
    "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/hpo-harness@sha256:" + "0" * 64,
    "command": ("python", "-m", "harness", "run-job", "/opt/ml/checkpoints/job"),
    "code": "s3://bucket/code/",
    "checkpoints": "s3://bucket/job/",
    "output": "s3://bucket/output",
    "instance_type": "ml.c5.xlarge",
    "max_run_seconds": 3600,
}
VALUES = st.one_of(st.text(max_size=600), st.floats(), st.integers(), st.booleans(), st.none())
TAG_TEXT = st.text(string.ascii_letters + string.digits + " _.:/=+-@", min_size=1, max_size=300)


def test_the_program_that_unpacks_the_source_is_no_longer_than_an_argument_may_be():
    assert len(BOOTSTRAP) <= MAX_ARGUMENT


@given(
    st.dictionaries(st.text(min_size=1, max_size=400), VALUES, max_size=150),
    st.dictionaries(TAG_TEXT.filter(lambda text: len(text) <= 128), TAG_TEXT, max_size=20),
)
def test_hostile_names_and_values_are_cut_to_what_aws_takes(shown, tags):
    found = request(TrainingJob(**COMMON, shown=shown, tags=tags))
    assert problems("CreateTrainingJob", found) == []
    assert len(found.get("HyperParameters", {})) <= 100
    assert all(isinstance(value, str) and len(value) <= 256 for value in found.get("HyperParameters", {}).values())
    json.dumps(found)


def test_spot_waits_as_long_again_for_capacity():
    found = request(TrainingJob(**COMMON, use_spot=True))
    assert found["EnableManagedSpotTraining"] is True
    assert found["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    assert problems("CreateTrainingJob", found) == []


def test_keys_networks_and_data_sets_are_passed_on():
    job = TrainingJob(
        **COMMON,
        kms_key="alias/key",
        subnets=("subnet-1",),
        security_group_ids=("sg-1", "sg-2"),
        channels={"dataset_path": "s3://bucket/data/"},
        profiler=True,
    )
    found = request(job)
    assert found["OutputDataConfig"]["KmsKeyId"] == found["ResourceConfig"]["VolumeKmsKeyId"] == "alias/key"
    assert found["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1", "sg-2"]}
    assert [channel["ChannelName"] for channel in found["InputDataConfig"]] == ["code", "dataset_path"]
    assert found["ProfilerConfig"] == {"DisableProfiler": False}
    assert problems("CreateTrainingJob", found) == []


def test_no_variable_of_ours_is_sent_but_those_named():
    assert "Environment" not in request(TrainingJob(**COMMON))
