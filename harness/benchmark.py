"""What a benchmark's definition returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from harness.core.problem import Problem
from harness.options import Options


class BenchmarkOptions(Options):
    """Base of a benchmark's own arguments. Fields declare them with their defaults, as in every options model."""

    def relocated(self, data: Mapping[str, Path]) -> Self:
        """These options where a job runs, whose data may lie elsewhere: `data` as in `Benchmark.data`."""
        return self


@dataclass(frozen=True)
class DataNeed:
    """Data that trials read.

    Attributes:
        dataset: name in `benchmarks.datasets.DATASETS`; None for a folder of the user's own, which is taken as it is.
        folder: where the user says it lies; None to look for it.
    """

    dataset: str | None
    folder: str | None = None


@dataclass(frozen=True)
class TableRef:
    """Finished trainings that stand for trials.

    Attributes:
        path: a Parquet file, with its description beside it.
        seed: use the rows of this seed only; None to draw one for each trial.
    """

    path: Path
    seed: int | None = None


@dataclass(frozen=True)
class Benchmark:
    """Attributes:
    script: the training script. It gets hyper-parameters and constants as `--name value`, and
        `--st_checkpoint_dir FOLDER`. None where there is nothing to run but a table.
    problem: space, metric, resource.
    data: argument of the script that names a folder -> the data set that must lie there.
    table: what the back-end `simulated` plays back.
    """

    script: Path | None
    problem: Problem
    data: Mapping[str, DataNeed] = field(default_factory=dict)
    table: TableRef | None = None

    @property
    def entrypoint(self) -> str:
        """Stem of the file that trials come from."""
        source = self.script or (self.table.path if self.table else None)
        return source.stem if source else ""
