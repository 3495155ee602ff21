"""`harness logs WHAT`: what experiments on SageMaker print, so far or, with -f, until they have ended."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from harness.cli.remote_jobs import find_remote, register_remote_jobs


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_remote_jobs(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until all have ended (Ctrl-C to leave)")
    parser.add_argument("--interval", type=float, default=5.0, metavar="S", help="seconds between two looks of -f [5]")


def run(args: argparse.Namespace) -> int:
    from harness.aws.jobs import common_part
    from harness.aws.logs import LogReader

    remote = find_remote(args.what, args.vars, args.s3_bucket)
    names = {job.training_job for job in remote.jobs}
    reader = LogReader(common_part(sorted(names)))
    several = len(names) > 1
    while True:
        running = [one for one in remote.mirror.refresh(remote.jobs).values() if one.running]
        for line in reader.read():
            if line.job in names:
                print(f"[{line.job}] {line.text}" if several else line.text, flush=True)
        if not args.follow or not running:
            return 0
        time.sleep(args.interval)
