"""What training jobs may ask for on AWS and not here: refused, so that nothing is silently done otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from harness.emulator.settings import ACCOUNT

ML = PurePosixPath("/opt/ml")
CHECKPOINTS = "/opt/ml/checkpoints"


def beyond(request: Mapping[str, Any]) -> list[str]:
    """One line for each member of a valid CreateTrainingJob that the emulator cannot do."""
    return list(_beyond(request))


def _beyond(request: Mapping[str, Any]) -> Iterator[str]:
    resources, algorithm = request["ResourceConfig"], request["AlgorithmSpecification"]
    if request["RoleArn"].split(":")[4] != ACCOUNT:
        yield f"RoleArn of another account than {ACCOUNT}"
    if "InstanceType" not in resources:
        yield "ResourceConfig without InstanceType"
    if resources.get("InstanceCount", 1) != 1:
        yield "ResourceConfig.InstanceCount other than 1"
    if "TrainingImage" not in algorithm:
        yield "AlgorithmSpecification without TrainingImage"
    channels = request.get("InputDataConfig", [])
    for mode in {algorithm["TrainingInputMode"], *(channel.get("InputMode", "File") for channel in channels)}:
        if mode == "Pipe":
            yield "TrainingInputMode Pipe"
    for channel in channels:
        yield from _beyond_channel(channel)
    local = PurePosixPath(request.get("CheckpointConfig", {}).get("LocalPath", CHECKPOINTS))
    if ML not in local.parents or ".." in local.parts:
        yield f"CheckpointConfig.LocalPath {local}, not below {ML}"


def _beyond_channel(channel: Mapping[str, Any]) -> Iterator[str]:
    if channel["DataSource"].get("S3DataSource", {}).get("S3DataType") != "S3Prefix":
        yield f"channel {channel['ChannelName']}: a source other than S3Prefix"
    if channel.get("CompressionType", "None") != "None":
        yield f"channel {channel['ChannelName']}: CompressionType"
