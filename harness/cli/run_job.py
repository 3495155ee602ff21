"""`harness run-job FOLDER`: what every runtime calls."""

from __future__ import annotations

import argparse
import logging
import sys
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
    parser.add_argument("--print_log", action="store_true", help="print the log too, which goes to tuner.log")
    parser.add_argument(
        "--smoke",
        type=float,
        default=None,
        metavar="SECONDS",
        help="try the benchmark out for two resource levels, of so many seconds at most, instead of running it",
    )


def run(args: argparse.Namespace) -> int:
    data = {}
    for pair in args.data:
        argument, equals, folder = pair.partition("=")
        if not equals:
            raise UsageError(f"--data: expected ARGUMENT=FOLDER, got '{pair}'")
        data[argument] = Path(folder)
    if args.smoke is not None:
        from harness.tuner.smoke import smoke_job

        return smoke_job(args.folder, data, args.smoke)
    if args.print_log:
        _print_log()
    from harness.tuner.run_job import run_job

    return run_job(args.folder, data, args.end_with_parent)


def _print_log() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.getLogger("harness.tuner").addHandler(handler)
