"""What a benchmark's definition returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

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
        passed: the training script is told where it lies.
        formats: names (with wildcards) of files, one of which a folder of the user's own must hold; where this is
            empty, a named `dataset` must be there with all its files.
        files: which files of the folder are meant, in a fixed order; None for all that are not hidden.
    """

    dataset: str | None
    folder: str | None = None
    passed: bool = True
    formats: tuple[str, ...] = ()
    files: Callable[[Path], Iterable[Path]] | None = None

    def files_in(self, folder: Path) -> list[Path]:
        """What goes along where a folder is copied: hidden files (.env, .git) are the user's own affair."""
        if self.files is not None:
            return list(self.files(folder))
        every = (path for path in folder.rglob("*") if path.is_file())
        return sorted(path for path in every if not any(part[0] == "." for part in path.relative_to(folder).parts))


@dataclass(frozen=True)
class Calling:
    """How a training script is told what to do, and who reads its metrics.

    Attributes:
        checkpoint_arg: option that takes the folder for checkpoints; None for a script that has none.
        config_option: option that takes a file with all values; None where each value is an option of its own.
        config_suffix: of that file, whose text is both JSON and YAML.
        metrics: for a script that does not report: what `harness.relay` needs to find metrics in its output or logs.
        preload: modules that the script imports, itself or by what it calls: they are imported once for all trials.
    """

    checkpoint_arg: str | None = "st_checkpoint_dir"
    config_option: str | None = None
    config_suffix: str = ".json"
    metrics: Mapping[str, Any] | None = None
    preload: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableRef:
    """Finished trainings that stand for trials.

    Attributes:
        path: a Parquet file, with its description beside it.
        seed: use the rows of this seed only; None to draw one for each trial.
        surrogate: what answers for configurations that are not in the table: "none" (the nearest row) or the name of a
            regressor, see `harness.blackbox.surrogates`.
        so_far: metrics are reported as the best value of the trial so far.
    """

    path: Path
    seed: int | None = None
    surrogate: str = "none"
    so_far: bool = False


@dataclass(frozen=True)
class Benchmark:
    """Attributes:
    script: the training script; None where there is nothing to run but a table.
    calling: how it is called; by default with hyper-parameters and constants as `--name value`, and
        `--st_checkpoint_dir FOLDER`.
    problem: space, metric, resource.
    data: argument of the script that names a folder -> the data set that must lie there.
    table: what the back-end `simulated` plays back.
    network: its trials need connections to other machines (e.g. to fetch a pretrained model).
    """

    script: Path | None
    problem: Problem
    data: Mapping[str, DataNeed] = field(default_factory=dict)
    table: TableRef | None = None
    calling: Calling = Calling()
    network: bool = False

    @property
    def entrypoint(self) -> str:
        """Stem of the file that trials come from."""
        source = self.script or (self.table.path if self.table else None)
        return source.stem if source else ""
