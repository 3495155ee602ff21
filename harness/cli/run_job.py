"""`harness run-job FOLDER`: what every runtime calls."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.errors import UsageError


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("folder", type=Path, help="job folder, with its job.json")
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="ARGUMENT=FOLDER",
        help="where a data set of the training script lies",
    )
    parser.add_argument(
        "--end_with_parent",
        type=int,
        default=None,
        metavar="PID",
        help="pid of the launcher: end in an orderly way when it dies",
    )


def run(args: argparse.Namespace) -> int:
    from harness.tuner.run_job import run_job

    data = {}
    for pair in args.data:
        argument, equals, folder = pair.partition("=")
        if not equals:
            raise UsageError(f"--data: expected ARGUMENT=FOLDER, got '{pair}'")
        data[argument] = Path(folder)
    return run_job(args.folder, data, args.end_with_parent)
