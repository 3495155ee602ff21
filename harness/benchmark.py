"""What a benchmark's definition returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.problem import Problem
from harness.options import Options


class BenchmarkOptions(Options):
    """Base of a benchmark's own arguments. Fields declare them with their defaults, as in every options model."""


@dataclass(frozen=True)
class DataNeed:
    """A data set that trials read.

    Attributes:
        dataset: name in `benchmarks.datasets.DATASETS`.
        folder: where the user says it lies; None to look for it.
    """

    dataset: str
    folder: str | None = None


@dataclass(frozen=True)
class Benchmark:
    """Attributes:
    script: the training script. It gets hyper-parameters and constants as `--name value`, and
        `--st_checkpoint_dir FOLDER`.
    problem: space, metric, resource.
    data: argument of the script that names a folder -> the data set that must lie there.
    """

    script: Path
    problem: Problem
    data: Mapping[str, DataNeed] = field(default_factory=dict)
