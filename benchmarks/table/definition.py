"""Any table of finished trainings: a Parquet file with a row for each configuration and resource level.

Beside FILE.parquet lies FILE.yaml, which says what the columns are:

    hyperparameters:
      learning_rate: {type: loguniform, lower: 1.0e-4, upper: 1.0}
      optimiser: {type: choice, values: [sgd, adam]}
    resource: epoch               # column; leave it out where a configuration has one row
    elapsed_time: seconds         # column: since the start of the trial, cumulative
    metrics: {accuracy: max, loss: min}   # the first is the default
    seed: seed                    # column that tells repeated trainings apart; optional
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import ValidationInfo, field_validator

from benchmarks.tabulated import SEED_HELP, SURROGATE_HELP
from harness.benchmark import Benchmark, BenchmarkOptions, DataNeed, TableRef
from harness.blackbox.description import Description, description_file, read_description
from harness.blackbox.files import check_columns, digest, largest
from harness.blackbox.surrogates import SurrogateName
from harness.core.problem import Problem
from harness.errors import UsageError
from harness.options import arg

DEFAULTS = {"num_workers": 4}


class TableOptions(BenchmarkOptions):
    """A job's id rests on what the files hold, not on where they lie."""

    table: str | None = arg(
        None,
        "Parquet file with a row for each configuration and resource level; its columns are described in a YAML "
        "file of the same name beside it",
        identity=False,
        validate_default=True,
    )
    table_digest: str | None = arg(
        None, "digest of the table's files, worked out where not given", listable=False, validate_default=True
    )
    metric: str | None = arg(None, "column of the table to optimise; without it the first of its metrics")
    cost_attr: str | None = arg(None, "metric of the table that is the cost of a trial; without it the elapsed time")
    constraint_attr: str | None = arg(None, "metric of the table that is at most 0 where a configuration is feasible")
    table_seed: int | None = arg(None, SEED_HELP)
    blackbox_surrogate: SurrogateName = arg("none", SURROGATE_HELP)

    @field_validator("table")
    @classmethod
    def _absolute(cls, table: str | None) -> str:
        if table is None:
            raise ValueError("which table? e.g. --table FILE.parquet")
        return str(Path(table).expanduser().absolute())

    @field_validator("table_digest")
    @classmethod
    def _known(cls, given: str | None, info: ValidationInfo) -> str | None:
        return given if given is not None or "table" not in info.data else _digest(Path(info.data["table"]))

    def relocated(self, data: Mapping[str, Path]) -> Self:
        if "table" not in data or self.table is None:
            return self
        return self.model_copy(update={"table": str(data["table"] / Path(self.table).name)})


def _digest(table: Path) -> str | None:
    """Digest of both files; None where one cannot be read, of which `define` says more."""
    try:
        return f"{digest(table)}-{digest(description_file(table))}"
    except OSError:
        return None


def define(options: TableOptions, max_resource_level: int | None) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level`, by default the highest level of the table.

    UsageError where the files cannot be read, do not fit each other or the options, or have changed since the plan.
    """
    path = Path(str(options.table))
    if not path.is_file():
        raise UsageError(f"table = {path}: there is no such file")
    description = read_description(path)
    check_columns(path, description.columns)
    if options.table_digest != _digest(path):
        raise UsageError(f"{path}: the table is not the one that this experiment was planned with")
    if options.table_seed is not None and description.seed is None:
        raise UsageError(f"table_seed = {options.table_seed}: {description_file(path)} names no seed column")
    metric = _metric("metric", options.metric, description, path) or next(iter(description.metrics))
    problem = Problem(
        space=description.space,
        metric=metric,
        mode=description.metrics[metric],
        resource_attr=description.resource,
        max_resource=_max_resource(path, description, max_resource_level),
        elapsed_time_attr=description.elapsed_time,
        cost_attr=_metric("cost_attr", options.cost_attr, description, path),
        constraint_attr=_metric("constraint_attr", options.constraint_attr, description, path),
        metrics=description.metrics,
    )
    return Benchmark(
        script=None,
        problem=problem,
        data={"table": DataNeed(None, str(path.parent))},
        table=TableRef(path, options.table_seed, options.blackbox_surrogate),
    )


def _metric(option: str, name: str | None, description: Description, path: Path) -> str | None:
    """The name if the table has such a metric."""
    if name is not None and name not in description.metrics:
        known = ", ".join(description.metrics)
        raise UsageError(f"{option} = {name!r}: {description_file(path)} knows the metrics {known}")
    return name


def _max_resource(path: Path, description: Description, asked: int | None) -> int | None:
    if description.resource is None:
        if asked is not None:
            raise UsageError(f"max_resource_level = {asked}: {description_file(path)} names no resource column")
        return None
    top = round(largest(path, description.resource))
    if asked is not None and asked > top:
        raise UsageError(f"max_resource_level = {asked}: {path} ends at {description.resource} {top}")
    return asked or top
