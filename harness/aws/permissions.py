"""What launching on AWS must be allowed to do: one table, from which policies, documentation and checks derive."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.aws.client import client

DENIED = {"AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation", "AuthorizationError"}
# Of a training job and a repository that nobody has.
NOWHERE = "hpo-harness-doctor"
POLICIES = ("launcher", "role")


@dataclass(frozen=True)
class Permission:
    """Actions that go together.

    Attributes:
        purpose: what they are for, for people.
        resource: pattern in a policy, with {region}, {account}, {bucket} and {role} to fill in.
        who: "launcher", "role" (that jobs run under) or "both".
        probe: a harmless call that only someone with these rights may make, None where there is none.
    """

    purpose: str
    actions: tuple[str, ...]
    resource: str
    who: str
    probe: Callable[[str], Any] | None = None


def _object_there_and_back(bucket: str) -> None:
    s3, key = client("s3"), f"hpo-harness/doctor/{secrets.token_hex(4)}"
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    s3.get_object(Bucket=bucket, Key=key)
    s3.list_objects_v2(Bucket=bucket, Prefix=key)
    s3.delete_object(Bucket=bucket, Key=key)


PERMISSIONS = (
    Permission(
        "code, data and results in S3",
        ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"),
        "arn:aws:s3:::{bucket}*",
        "both",
        _object_there_and_back,
    ),
    Permission("the account's own bucket, once", ("s3:CreateBucket",), "arn:aws:s3:::{bucket}", "launcher"),
    Permission(
        "training jobs: seen and ended",
        ("sagemaker:ListTrainingJobs", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"),
        "*",
        "both",
        lambda _: client("sagemaker").list_training_jobs(MaxResults=1),
    ),
    Permission(
        "training jobs: started",
        ("sagemaker:CreateTrainingJob", "sagemaker:AddTags"),
        "arn:aws:sagemaker:{region}:{account}:training-job/*",
        "both",
    ),
    Permission("the role handed to training jobs", ("iam:PassRole", "iam:GetRole"), "{role}", "both"),
    Permission(
        "what jobs print, read",
        ("logs:FilterLogEvents",),
        "arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/TrainingJobs*",
        "both",
        lambda _: client("logs").filter_log_events(
            logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=NOWHERE, limit=1
        ),
    ),
    Permission(
        "what jobs print, written",
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
        "arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/TrainingJobs*",
        "role",
    ),
    Permission(
        "a login to ECR", ("ecr:GetAuthorizationToken",), "*", "both", lambda _: client("ecr").get_authorization_token()
    ),
    Permission(
        "the image, pushed",
        (
            "ecr:DescribeRepositories",
            "ecr:CreateRepository",
            "ecr:PutLifecyclePolicy",
            "ecr:DescribeImages",
            "ecr:BatchCheckLayerAvailability",
            "ecr:InitiateLayerUpload",
            "ecr:UploadLayerPart",
            "ecr:CompleteLayerUpload",
            "ecr:PutImage",
        ),
        "arn:aws:ecr:{region}:{account}:repository/hpo-harness",
        "launcher",
        lambda _: client("ecr").describe_repositories(maxResults=1),
    ),
    Permission(
        "the image, pulled",
        ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"),
        "arn:aws:ecr:*:*:repository/*",
        "role",
    ),
)


def policy(who: str, **names: str) -> dict[str, Any]:
    """The least that `who` ("launcher" or "role") needs, as an IAM policy.

    Args:
        names: region, account, bucket and role; what is not given stays to be filled in.
    """
    filled = {"region": "REGION", "account": "ACCOUNT", "bucket": "BUCKET", "role": "ROLE_ARN", **names}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": list(one.actions), "Resource": one.resource.format(**filled)}
            for one in PERMISSIONS
            if one.who in (who, "both")
        ],
    }


def missing(bucket: str, permissions: Sequence[Permission] = PERMISSIONS) -> Iterator[Permission]:
    """Those of the launcher that AWS denies these credentials, as far as harmless calls can tell."""
    from botocore.exceptions import ClientError

    for one in permissions:
        if one.probe is None or one.who == "role":
            continue
        try:
            one.probe(bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                yield one
