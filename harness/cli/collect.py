"""`harness collect WHAT`: bring home what experiments on SageMaker have written so far."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.cli.remote_jobs import find_remote, register_remote_jobs
from harness.jobdir import results_root


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_remote_jobs(parser)


def run(args: argparse.Namespace) -> int:
    from harness.cli.remotely import sync_command

    remote = find_remote(args.what, args.vars, args.s3_bucket)
    remote.mirror.refresh(remote.jobs)
    total = 0
    for job in remote.jobs:
        size = remote.mirror.fetch(job)
        total += size
        print(f"{job.job.tuner_name}: {size / 1e3:.0f} kB" if size else f"{job.job.tuner_name}: nothing new")
    print(f"{len(remote.jobs)} experiments, {total / 1e3:.0f} kB, in {results_root()}")
    name = str(remote.jobs[0].job.settings["experiment_name"])
    print(f"the same without us: {sync_command(name, remote.bucket.name)}")
    return 0
