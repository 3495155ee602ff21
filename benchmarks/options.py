"""Arguments that the benchmarks in PyTorch share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.benchmark import BenchmarkOptions, DataNeed
from harness.options import arg


class TrainingOptions(BenchmarkOptions):
    dataset_path: str | None = arg(
        None,
        "folder that holds the data; without it they are looked for, and fetched once",
        identity=False,
        listable=False,
    )
    tiny: bool = arg(False, "a small model on a few hundred samples that packages bring along: seconds, no download")
    report_current_best: bool = arg(False, "report the best value so far instead of the current one")

    def constants(self) -> dict[str, Any]:
        """What the training script is told besides hyper-parameters and how far to train."""
        return {"report_current_best": self.report_current_best, **({"tiny": True} if self.tiny else {})}

    def data(self, dataset: str, formats: tuple[str, ...]) -> Mapping[str, DataNeed]:
        return {} if self.tiny else {"dataset_path": DataNeed(dataset, self.dataset_path, formats=formats)}
