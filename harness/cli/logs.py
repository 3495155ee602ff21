"""`harness logs WHAT`: what experiments on SageMaker print, so far or, with -f, until they have ended."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from harness.cli.remote_jobs import find_remote, register_remote_jobs
from harness.cli.values import seconds


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_remote_jobs(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until all have ended (Ctrl-C to leave)")
    parser.add_argument(
        "--interval", type=seconds(0.1), default=5.0, metavar="S", help="seconds between two looks of -f [5]"
    )


def run(args: argparse.Namespace) -> int:
    from harness.aws.jobs import common_part
    from harness.aws.logs import LogReader

    remote = find_remote(args.what, args.vars, args.s3_bucket)
    names = {job.training_job for job in remote.jobs}
    reader = LogReader(common_part(sorted(names)))
    several = len(names) > 1
    ended = False
    while True:
        for line in reader.read():
            if line.job in names:
                print(f"[{line.job}] {line.text}" if several else line.text, flush=True)
        if not args.follow or ended:
            return 0
        # Last lines come after the end: one more look.
        ended = not any(job.running for job in remote.mirror.training_jobs(remote.jobs).values())
        time.sleep(args.interval)
