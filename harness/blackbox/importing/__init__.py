"""Published collections of trainings as tables, each by the format that its authors (or Syne Tune) publish it in.

FORMATS: name -> (module:function, summary). A function takes the path of what was downloaded and yields `Imported`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.blackbox.description import Description
from harness.blackbox.writing import write_table
from harness.errors import UsageError
from harness.registry import did_you_mean, load

_HERE = "harness.blackbox.importing"
FORMATS: Mapping[str, tuple[str, str]] = {
    "repository": (
        f"{_HERE}.repository:read",
        "a blackbox folder of Syne Tune's repository (nasbench201, fcnet, lcbench, ...): objectives_evaluations.npy "
        "and what lies beside it",
    ),
    "fcnet": (f"{_HERE}.fcnet:read", "fcnet_*_data.hdf5 of the FC-Net tabular benchmarks, a file or their folder"),
    "lcbench": (f"{_HERE}.lcbench:read", "data_2k_lw.json of LCBench, or the zip file that holds it"),
    "collection": (
        f"{_HERE}.collection:read",
        "a folder of configs.parquet, meta.json and Parquet files of curves or final values",
    ),
}


@dataclass(frozen=True)
class Imported:
    """A table in memory. `columns`: name -> a value for each row."""

    name: str
    columns: Mapping[str, Any]
    description: Description


def import_tables(name: str, source: Path, folder: Path, wanted: Callable[[str], bool]) -> Iterator[Path]:
    """Write the tables of `source` that are wanted into `folder`; their paths as they come.

    UsageError where the format is unknown, or the source is not what the format says.
    """
    if name not in FORMATS:
        raise UsageError(f"unknown format '{name}'{did_you_mean(name, FORMATS)}; choose from: {', '.join(FORMATS)}")
    if not source.exists():
        raise UsageError(f"source = {source}: there is no such file or folder")
    for table in load(FORMATS[name][0])(source, wanted):
        path = folder / f"{table.name}.parquet"
        write_table(path, table.columns, table.description)
        yield path
