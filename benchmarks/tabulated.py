"""Benchmarks that are published tables: nothing is trained, the simulated back-end plays what others have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.benchmark import Benchmark, BenchmarkOptions, DataNeed, TableRef
from harness.blackbox.description import description_file, read_description
from harness.blackbox.files import check_columns, largest
from harness.blackbox.surrogates import SurrogateName
from harness.core.problem import Problem
from harness.datasets.locate import tables_root
from harness.errors import EnvironmentFault, UsageError
from harness.options import arg

SURROGATE_HELP = (
    "what answers for configurations that are not in the table: none (the nearest row), knn (5 nearest, weighted by "
    "distance), or a forest of trees (needs scikit-learn)"
)
SEED_HELP = "use the rows of this seed only; without it every trial draws one of its configuration's"


class TabulatedOptions(BenchmarkOptions):
    """Where the table lies, and how it is read. What it holds is settled by the benchmark's name."""

    blackbox_folder: str | None = arg(
        None,
        "folder of imported tables (harness table import); without it the cache",
        identity=False,
        listable=False,
    )
    table_seed: int | None = arg(None, SEED_HELP)
    blackbox_surrogate: SurrogateName = arg("none", SURROGATE_HELP)

    def relocated(self, data: Mapping[str, Path]) -> Self:
        folder = data.get("blackbox_folder")
        return self if folder is None else self.model_copy(update={"blackbox_folder": str(folder)})


@dataclass(frozen=True)
class Tabulated:
    """The `define` of a published table.

    Attributes:
        name: of the benchmark and of the table's files.
        metric: what is optimised by default.
        max_resource: default for the highest level of a trial.
        remedy: how to come by the table.
    """

    name: str
    metric: str
    max_resource: int
    remedy: str

    def __call__(self, options: TabulatedOptions, max_resource_level: int | None) -> Benchmark:
        """UsageError where the files do not fit, EnvironmentFault where they are missing."""
        folder = Path(options.blackbox_folder).expanduser().absolute() if options.blackbox_folder else tables_root()
        path = folder / f"{self.name}.parquet"
        if not path.is_file():
            raise EnvironmentFault(f"the table of benchmark {self.name} is not in {folder}", hint=self.remedy)
        description = read_description(path)
        check_columns(path, description.columns)
        if description.resource is None or self.metric not in description.metrics:
            raise UsageError(f"{description_file(path)}: not the table of {self.name}: no {self.metric} by resource")
        if options.table_seed is not None and description.seed is None:
            raise UsageError(f"table_seed = {options.table_seed}: {description_file(path)} names no seed column")
        top = round(largest(path, description.resource))
        level = min(self.max_resource, top) if max_resource_level is None else max_resource_level
        if level > top:
            raise UsageError(f"max_resource_level = {level}: {path} ends at {description.resource} {top}")
        problem = Problem(
            space=description.space,
            metric=self.metric,
            mode=description.metrics[self.metric],
            resource_attr=description.resource,
            max_resource=level,
            elapsed_time_attr=description.elapsed_time,
            metrics=description.metrics,
        )
        table = TableRef(path, options.table_seed, options.blackbox_surrogate)
        return Benchmark(None, problem, {"blackbox_folder": DataNeed(None, str(folder))}, table)
