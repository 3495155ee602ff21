"""Requests that AWS would refuse, told before they are sent; limits from the service's own model."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.aws.contract import problems

GOOD = {
    "TrainingJobName": "sweep-1",
    "RoleArn": "arn:aws:iam::123456789012:role/harness",
    "AlgorithmSpecification": {
        "TrainingInputMode": "File",
        "TrainingImage": "127.0.0.1:5000/harness@sha256:" + "0" * 64,
        "ContainerEntrypoint": ["python", "-m", "harness"],
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
    },
    "HyperParameters": {"lr": "0.1"},
    "Environment": {"AWS_DEFAULT_REGION": "us-west-2"},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "Tags": [{"Key": "project", "Value": "hpo"}],
}


def changed(path, value):
    """The good request with one member replaced; without it for None."""
    request = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    inside = request
    for name in parents:
        inside = inside.setdefault(name, {})
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    return request


def test_a_good_request_has_no_problems():
    assert problems("CreateTrainingJob", GOOD) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("TrainingJobName", "under_score", "TrainingJobName: 'under_score' does not match"),
        ("TrainingJobName", "end-", "TrainingJobName: 'end-' does not match"),
        ("TrainingJobName", "x\n", "TrainingJobName: 'x\\n' does not match"),
        ("TrainingJobName", "x" * 64, "TrainingJobName: 64 characters, at most 63 allowed"),
        ("RoleArn", None, "RoleArn: missing"),
        ("HyperParameters", {str(n): "" for n in range(101)}, "HyperParameters: 101 entries, at most 100 allowed"),
        ("HyperParameters.lr", 0.1, "HyperParameters['lr']: float where string is expected"),
        ("HyperParameters.lr", "x" * 257, "HyperParameters['lr']: 257 characters, at most 256 allowed"),
        ("Environment.KEY", "x" * 513, "Environment['KEY']: 513 characters, at most 512 allowed"),
        ("Environment.1KEY", "", "Environment, key '1KEY': '1KEY' does not match"),
        ("ResourceConfig.InstanceType", "ml.m5.larg", "'ml.m5.larg' is not a value that AWS knows (did you mean"),
        ("ResourceConfig.InstanceType", None, "ResourceConfig.InstanceType: missing"),
        ("ResourceConfig.InstanceCount", True, "ResourceConfig.InstanceCount: bool where integer is expected"),
        ("StoppingCondition.MaxRuntimeInSeconds", 0, "MaxRuntimeInSeconds: 0, at least 1 needed"),
        ("StoppingCondition.MaxWaitTimeInSeconds", 99, "MaxWaitTimeInSeconds: for EnableManagedSpotTraining alone"),
        ("EnableManagedSpotTraining", True, "MaxWaitTimeInSeconds: None, for spot at least MaxRuntimeInSeconds (60)"),
        ("StoppingCondition", None, "StoppingCondition: missing"),
        ("Enviroment", {}, "Enviroment: unknown (did you mean 'Environment'?)"),
        ("AlgorithmSpecification.ContainerArguments", ["x" * 257], "ContainerArguments[0]: 257 characters"),
        ("AlgorithmSpecification.ContainerArguments", [], "ContainerArguments: 0 entries, at least 1 needed"),
        (
            "AlgorithmSpecification.MetricDefinitions",
            [{"Name": "loss", "Regex": "x"}] * 41,
            "MetricDefinitions: 41 entries, at most 40 allowed",
        ),
        ("Tags", [{"Key": "", "Value": ""}], "Tags[0].Key: 0 characters, at least 1 needed"),
    ],
)
def test_each_fault_is_named_in_one_line(path, value, said):
    found = problems("CreateTrainingJob", changed(path, value))
    assert len(found) == 1 and said in found[0], found


def test_all_faults_at_once():
    request = changed("TrainingJobName", "a_b") | {"RoleArn": "role"}
    request["HyperParameters"]["long"] = "x" * 257
    members = [line.partition(":")[0] for line in problems("CreateTrainingJob", request)]
    assert members == ["TrainingJobName", "RoleArn", "HyperParameters['long']"]


def test_values_of_maps_are_never_shown():
    for member in ("Environment", "HyperParameters"):
        found = problems("CreateTrainingJob", changed(f"{member}.TOKEN", "planted\n" * 400))
        assert found and "planted" not in "".join(found)


def test_other_operations():
    assert problems("DescribeTrainingJob", {}) == ["TrainingJobName: missing"]
    assert problems("ListTrainingJobs", {"MaxResults": 101}) == ["MaxResults: 101, at most 100 allowed"]
    assert problems("ListTrainingJobs", {"MaxResults": 100}) == []
    with pytest.raises(ValueError, match="NoSuchThing"):
        problems("NoSuchThing", {})


@given(st.dictionaries(st.text(), st.text()), st.text())
def test_hostile_maps_are_judged_by_their_limits_and_never_break_the_check(values, name):
    found = problems("CreateTrainingJob", GOOD | {"HyperParameters": values, "TrainingJobName": name})
    good = all(len(text) <= 256 and not set("\n") & set(text) for pair in values.items() for text in pair)
    named = 1 <= len(name) <= 63 and name.isascii() and name.replace("-", "x").isalnum() and name.strip("-") == name
    assert (found == []) == (good and len(values) <= 100 and named)
