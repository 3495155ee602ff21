"""`harness record SWEEP -o FILE`: the trials of a sweep as a table, to be played back by the simulated back-end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.cli.source import read_source, register_source
from harness.dispatch.todo import compare
from harness.errors import UsageError
from harness.jobdir import JobDir


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.parquet", help="table to write")


def run(args: argparse.Namespace) -> int:
    from harness.blackbox.recording import record
    from harness.blackbox.writing import write_table

    if args.output.suffix != ".parquet":
        raise UsageError(f"output = {args.output}: the name of a table ends in .parquet")
    source = read_source(args)
    done = [one for one in compare(source.plan.jobs(), source.state, source.sweep) if one.done]
    if not done:
        raise UsageError(f"{args.manifest}: no experiment of this sweep is finished", hint="harness sweep runs it")
    recorded = record([JobDir(source.sweep.job(one.job.tuner_name).path) for one in done])
    write_table(args.output, recorded.columns, recorded.description)
    rows = len(recorded.columns[recorded.description.elapsed_time])
    left_out = f"; {recorded.failed} failed trials were left out" if recorded.failed else ""
    print(f"{args.output}: {recorded.curves} curves, {rows} rows, of {len(done)} experiments{left_out}")
    return 0
