"""The folder that a job finds as /opt/ml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from harness.emulator.scope import CHECKPOINTS, ML

HOST = "algo-1"
GROUP = "homogeneousCluster"


class Tree:
    """`root` is what the job sees as /opt/ml."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.model = root / "model"
        self.data = root / "output" / "data"

    def make(self, request: Mapping[str, Any]) -> None:
        """The folders, and the files that describe the job to itself."""
        for folder in (self.model, self.data, self.root / "input" / "data", self.root / "input" / "config"):
            folder.mkdir(parents=True)
        instance = request["ResourceConfig"]["InstanceType"]
        group = {"instance_group_name": GROUP, "instance_type": instance, "hosts": [HOST]}
        self._configure("hyperparameters", request.get("HyperParameters", {}))
        self._configure(
            "resourceconfig",
            {
                "current_host": HOST,
                "current_instance_type": instance,
                "current_group_name": GROUP,
                "hosts": [HOST],
                "instance_groups": [group],
                "network_interface_name": "eth0",
            },
        )
        channels = {
            channel["ChannelName"]: {
                "TrainingInputMode": channel.get("InputMode", "File"),
                "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                    "S3DataDistributionType", "FullyReplicated"
                ),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            }
            for channel in request.get("InputDataConfig", ())
        }
        self._configure("inputdataconfig", channels)

    def _configure(self, name: str, content: Any) -> None:
        (self.root / "input" / "config" / f"{name}.json").write_text(json.dumps(content))

    def channel(self, name: str) -> Path:
        folder = self.root / "input" / "data" / name
        folder.mkdir()
        return folder

    def checkpoints(self, config: Mapping[str, str]) -> Path:
        """Where the CheckpointConfig of a request has them."""
        return self.root / PurePosixPath(config.get("LocalPath", CHECKPOINTS)).relative_to(ML)

    def failure(self) -> str:
        """What the job says of its failure, "" where it says nothing."""
        path = self.root / "output" / "failure"
        return path.read_text(errors="replace").strip() if path.is_file() else ""
