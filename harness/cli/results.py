"""`harness results WHAT`: experiments as one tidy table, CSV or Parquet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from harness.cli.needs import need_packages
from harness.cli.selection import register_selection, select, warn_of
from harness.errors import UsageError
from harness.jobdir import replacing

FORMATS = (".csv", ".parquet")


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_selection(parser)
    parser.add_argument(
        "--per", choices=("report", "experiment"), default="report", help="what a row stands for [report]"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help=f"{' or '.join(FORMATS)} file to write; without it CSV on stdout"
    )


def run(args: argparse.Namespace) -> int:
    need_packages("harness results", ["pyarrow"])
    from harness.results.frame import experiment_frame, report_frame
    from harness.results.labels import labelled

    if args.output is not None and args.output.suffix not in FORMATS:
        raise UsageError(f"--output {args.output}: the name must end in {' or '.join(FORMATS)}")
    selection = select(args)
    broken = list(selection.broken)
    frame = report_frame if args.per == "report" else experiment_frame
    table = frame(labelled(selection.experiments), broken)
    warn_of(broken)
    _write(table, args.output)
    return 1 if broken and args.strict else 0


def _write(table: Any, output: Path | None) -> None:
    if output is None:
        _csv(table, sys.stdout.buffer)
        return
    try:
        with replacing(output) as file:
            if output.suffix == ".csv":
                _csv(table, file)
            else:
                import pyarrow.parquet

                pyarrow.parquet.write_table(table, file)
    except OSError as error:
        raise UsageError(f"--output {output}: cannot write it: {error.strerror}") from None
    print(f"{output}: {table.num_rows} rows, {table.num_columns} columns", file=sys.stderr)


def _csv(table: Any, file: Any | BinaryIO) -> None:
    from pyarrow import csv

    if table.num_columns:
        csv.write_csv(table, file)
