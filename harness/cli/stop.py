"""`harness stop WHAT`: end experiments on SageMaker; what they have found so far stays."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.cli.remote_jobs import find_remote, register_remote_jobs


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_remote_jobs(parser)


def run(args: argparse.Namespace) -> int:
    from harness.aws.jobs import TrainingJobs

    remote = find_remote(args.what, args.vars, args.s3_bucket)
    jobs = TrainingJobs()
    running = remote.mirror.refresh(remote.jobs)
    stopped = 0
    for one in remote.jobs:
        summary = running.get(one.job.tuner_name)
        if summary is not None and summary.running:
            # Its own trials, where they are jobs too, it ends itself when it is told to.
            jobs.stop(one.training_job)
            stopped += 1
            print(f"{one.training_job}: told to end")
    print(f"{stopped} experiments are ending" if stopped else "nothing runs")
    return 0
