"""What the emulated SageMaker accepts, refuses and lists, by clients of boto3."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.timeout(60)


def code(refused):
    return refused.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TrainingJobName": "under_score"}, "TrainingJobName"),
        ({"RoleArn": "arn:aws:iam::12:user/x-long-enough"}, "RoleArn"),
        ({"RoleArn": "arn:aws:iam::210987654321:role/theirs"}, "another account"),
        ({"HyperParameters": {"long": "x" * 257}}, "at most 256"),
        ({"Environment": {"long": "x" * 513}}, "at most 512"),
        ({"ResourceConfig": {"InstanceType": "ml.none", "InstanceCount": 1, "VolumeSizeInGB": 1}}, "ml.none"),
        ({"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}}, "InstanceCount"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c", "LocalPath": "/tmp"}}, "LocalPath"),
        ({"algorithm": {"MetricDefinitions": [{"Name": "loss", "Regex": "("}]}}, "MetricDefinitions"),
        ({"algorithm": {"TrainingInputMode": "Pipe"}}, "Pipe"),
        ({"Tags": [{"Key": "k", "Value": "v" * 257}]}, "Tags"),
    ],
)
def test_what_aws_would_refuse_and_what_is_not_emulated_is_refused(lab, changes, said):
    with pytest.raises(ClientError, match=said) as refused:
        lab.sagemaker.create_training_job(**lab.request("refused", **changes))
    assert code(refused) == "ValidationException"
    with pytest.raises(ClientError, match="not found"):
        lab.describe("refused")


def test_operations_that_are_not_emulated_are_refused_and_never_reach_a_stub(lab):
    for call in (lab.sagemaker.list_models, lab.sagemaker.list_processing_jobs):
        with pytest.raises(ClientError) as refused:
            call()
        assert code(refused) == "UnknownOperationException"


def test_a_name_serves_once_even_when_its_job_has_ended(lab):
    lab.run(name="only-once")
    with pytest.raises(lab.sagemaker.exceptions.ResourceInUse):
        lab.create(name="only-once")


def test_a_quota_counts_jobs_until_they_have_ended(lab):
    lab.aws.settings.quotas = {"ml.m5.large": 1}
    ignoring = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(60)"
    name = lab.create(ignoring)
    lab.await_output(name, "ready")
    lab.aws.settings.grace = 1.0
    lab.sagemaker.stop_training_job(TrainingJobName=name)
    assert lab.describe(name)["TrainingJobStatus"] == "Stopping"
    with pytest.raises(
        lab.sagemaker.exceptions.ResourceLimitExceeded, match="is 1 Instances, with current utilization"
    ):
        lab.create()
    spot = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
    lab.run(EnableManagedSpotTraining=True, StoppingCondition=spot)
    lab.wait(name)
    lab.run()


def test_quotas_are_told_for_each_instance_type(lab, clients):
    lab.aws.settings.quotas = {"ml.m5.large": 3}
    pages = clients["service-quotas"].get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    found = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}
    assert found["ml.m5.large for training job usage"]["Value"] == 3
    quota = found["ml.g5.xlarge for spot training job usage"]
    again = clients["service-quotas"].get_service_quota(ServiceCode="sagemaker", QuotaCode=quota["QuotaCode"])
    assert again["Quota"] == quota and quota["Value"] == 1000


def test_tags_are_added_listed_and_taken_away(lab):
    name = lab.create(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    arn = lab.describe(name)["TrainingJobArn"]
    lab.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}])
    lab.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    tags = lab.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"b": "3", "c": "4"}
    with pytest.raises(ClientError):
        lab.sagemaker.list_tags(ResourceArn="arn:aws:sagemaker:us-west-2:123456789012:model/x")


def listed(lab, **asked):
    pages = lab.sagemaker.get_paginator("list_training_jobs").paginate(**asked)
    return [[job["TrainingJobName"] for job in page["TrainingJobSummaries"]] for page in pages]


def test_lists_come_in_pages_that_are_cut_after_filtering(lab):
    lab.aws.settings.start_delay = 30
    names = [lab.create(name=f"paged-{number:02}") for number in range(12)]
    lab.create(name="other-00")
    assert listed(lab, NameContains="paged") == [names[:10], names[10:]]
    assert [len(page) for page in listed(lab, NameContains="paged", PaginationConfig={"PageSize": 5})] == [5, 5, 2]
    down = listed(lab, NameContains="paged", SortBy="Name", SortOrder="Descending", MaxResults=100)
    assert down == [names[::-1]]
    lab.sagemaker.stop_training_job(TrainingJobName=names[3])
    lab.wait(names[3])
    assert listed(lab, NameContains="paged", StatusEquals="Stopped") == [[names[3]]]
    # On the wire a time has whole seconds.
    made = lab.describe(names[0])["CreationTime"].replace(microsecond=0)
    assert listed(lab, NameContains="paged", CreationTimeBefore=made) == [[]]
    assert sum(map(len, listed(lab, NameContains="paged", CreationTimeAfter=made))) == 12


def test_a_new_job_shifts_no_page(lab):
    lab.aws.settings.start_delay = 30
    names = [lab.create(name=f"shift-{number}") for number in range(4)]
    asked = {"NameContains": "shift", "SortOrder": "Descending", "MaxResults": 2}
    first = lab.sagemaker.list_training_jobs(**asked)
    lab.create(name="shift-new")
    second = lab.sagemaker.list_training_jobs(**asked, NextToken=first["NextToken"])
    found = [job["TrainingJobName"] for page in (first, second) for job in page["TrainingJobSummaries"]]
    assert found == names[::-1]
    with pytest.raises(ClientError, match="MaxResults"):
        lab.sagemaker.list_training_jobs(MaxResults=101)
    with pytest.raises(ClientError, match="NextToken"):
        lab.sagemaker.list_training_jobs(NextToken="bm90IGpzb24=")
