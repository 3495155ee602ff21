"""Service Quotas of SageMaker's training jobs: one for each instance type, one more for spot."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from typing import Any

from harness.aws.contract import values
from harness.emulator.refusal import Refusal
from harness.emulator.settings import ACCOUNT, REGION, Settings

DEFAULT_PAGE = 100


def answer(operation: str, body: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """ListServiceQuotas and GetServiceQuota; Refusal for others, and for other services than SageMaker."""
    if body.get("ServiceCode") != "sagemaker":
        raise Refusal("NoSuchResourceException", "the emulator has quotas of sagemaker alone")
    if operation == "GetServiceQuota":
        found = next((quota for quota in _all(settings) if quota["QuotaCode"] == body.get("QuotaCode")), None)
        if found is None:
            raise Refusal("NoSuchResourceException", f"no quota {body.get('QuotaCode')}")
        return {"Quota": found}
    if operation != "ListServiceQuotas":
        raise Refusal("UnknownOperationException", f"the emulator does not have {operation}")
    start, size = int(body.get("NextToken", 0)), int(body.get("MaxResults", DEFAULT_PAGE))
    quotas = list(_all(settings))
    answer: dict[str, Any] = {"Quotas": quotas[start : start + size]}
    if start + size < len(quotas):
        answer["NextToken"] = str(start + size)
    return answer


def _all(settings: Settings) -> Iterator[dict[str, Any]]:
    for instance_type in _instance_types():
        for spot in ("", "spot "):
            name = f"{instance_type} for {spot}training job usage"
            code = f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
            yield {
                "ServiceCode": "sagemaker",
                "ServiceName": "Amazon SageMaker",
                "QuotaArn": f"arn:aws:servicequotas:{REGION}:{ACCOUNT}:sagemaker/{code}",
                "QuotaCode": code,
                "QuotaName": name,
                "Value": float(settings.quota(instance_type)),
                "Unit": "None",
                "Adjustable": True,
                "GlobalQuota": False,
            }


@functools.cache
def _instance_types() -> list[str]:
    return values("CreateTrainingJob", "ResourceConfig", "InstanceType")
