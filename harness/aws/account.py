"""Whose account, which role, which bucket: what a job needs beside itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from harness.aws.client import client, faults
from harness.errors import EnvironmentFault

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
ASSUMED = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/(?P<role>[^/]+)/.+")
ROLE_HINT = (
    "--sagemaker_execution_role NAME or ARN (in a manifest: sagemaker_execution_role: ...); what it must allow is in "
    "docs/sagemaker.md"
)


@dataclass(frozen=True)
class Caller:
    """Who asks. `arn`: of the user, or of the session of a role."""

    account: str
    region: str
    arn: str


def caller() -> Caller:
    """EnvironmentFault without credentials, a region or a network."""
    sts = client("sts")
    with faults("the caller's identity"):
        found = sts.get_caller_identity()
    return Caller(found["Account"], sts.meta.region_name, found["Arn"])


def execution_role(asked: str | None, who: Caller) -> str:
    """ARN of the role that jobs run under: as asked for (name or ARN), else the one of these credentials.

    EnvironmentFault where there is none.
    """
    asked = asked or os.environ.get("SAGEMAKER_ROLE")
    if asked is None:
        own = ASSUMED.fullmatch(who.arn)
        asked = own["role"] if own else _configured_role()
    if asked is None:
        raise EnvironmentFault("no role for SageMaker jobs is named, and these credentials have none", hint=ROLE_HINT)
    if ROLE_ARN.fullmatch(asked):
        return asked
    iam = client("iam")
    with faults(f"a look at the role {asked}"):
        try:
            arn: str = iam.get_role(RoleName=asked)["Role"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            raise EnvironmentFault(f"there is no role '{asked}' in account {who.account}", hint=ROLE_HINT) from None
    return arn


def _configured_role() -> str | None:
    """The role that a user of the SageMaker SDK has configured, None without the SDK or such a role."""
    try:
        from sagemaker.core.helper.session_helper import Session, get_execution_role
    except ImportError:
        return None
    try:
        role: str = get_execution_role(Session())
    except Exception:  # its many ways of having none
        return None
    return role


def bucket(asked: str | None, who: Caller, *, make: bool = True) -> str:
    """Name of the bucket; the account's own is made where it is missing. EnvironmentFault where it cannot be had."""
    s3 = client("s3")
    name = asked or f"sagemaker-{who.region}-{who.account}"
    with faults(f"the bucket {name}"):
        region = _region_of(s3, name)
        if region not in (None, who.region):
            raise EnvironmentFault(
                f"the bucket {name} is in {region}, and SageMaker jobs in {who.region} cannot read it",
                hint="another s3_bucket, or AWS_DEFAULT_REGION",
            )
        if region is not None:
            return name
        if asked is not None or not make:
            hint = "--s3_bucket names another" if asked is None else "aws s3 mb, or leave s3_bucket out"
            raise EnvironmentFault(f"there is no bucket '{name}'", hint=hint)
        where = {} if who.region == "us-east-1" else {"LocationConstraint": who.region}
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
    return name


def _region_of(s3: Any, name: str) -> str | None:
    """None where there is no such bucket."""
    from botocore.exceptions import ClientError

    try:
        headers = s3.head_bucket(Bucket=name)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
    return str(headers.get("x-amz-bucket-region", s3.meta.region_name))
