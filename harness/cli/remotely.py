"""Launching a plan on SageMaker: shared by `remote` and `launch`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from harness.cli.placing import Placer, check_requests
from harness.cli.prepare import DataFinder, Say, revision
from harness.cli.pricing import check_budget
from harness.cli.running import job_label
from harness.cli.values import seconds
from harness.dispatch.todo import Planned
from harness.jobdir import SweepDir
from harness.ledger.journal import Journal
from harness.plan.build import Plan
from harness.plan.experiment import experiment_options
from harness.plan.job import Job
from harness.plan.price import read_prices
from harness.tuner.interruption import Interruption

if TYPE_CHECKING:
    from harness.aws.placement import Placement

CONSOLE = "https://{region}.console.aws.amazon.com/sagemaker/home?region={region}#/jobs/{name}"
SHOWN_LINKS = 10


def register_remote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        action="store_true",
        help="on SageMaker: stay until all experiments have ended, submit again what AWS had no capacity for, and "
        "bring the results home",
    )
    parser.add_argument(
        "--poll_seconds",
        type=seconds(0.1),
        default=10.0,
        metavar="S",
        help="seconds between two looks at SageMaker [10]",
    )


def launch_remotely(
    plan: Plan, todo: Sequence[Planned], sweep: SweepDir, journal: Journal, args: argparse.Namespace, console: Console
) -> int:
    """Launch the jobs; exit code. EnvironmentFault or UsageError before the first, where something is lacking."""
    from harness.dispatch.mirror import Mirror
    from harness.dispatch.remote import RemoteLauncher, Rules
    from harness.runtime.sagemaker import NAME, SageMakerRuntime

    say = sayer(console)
    check_requests([one.job for one in todo])
    check_budget(plan, [one.job for one in todo if not one.open], read_prices(args.prices), say)
    options = experiment_options(todo[0].job.settings)
    own = options.image_uri is None or options.backend == "sagemaker"
    placement_of = Placer(plan, todo, DataFinder(say), say, own_image=own)
    bucket = placement_of.bucket
    runtime = SageMakerRuntime(bucket)
    with Interruption() as interruption:
        launcher = RemoteLauncher(
            sweep=sweep,
            journal=journal,
            runtime=runtime,
            mirror=Mirror(bucket, runtime),
            launch={"runtime": NAME, **revision()},
            placement_of=placement_of,
            say=say,
            label_of=lambda job: job_label(plan, job),
            interruption=interruption,
            rules=Rules(args.wait, args.poll_seconds),
        )
        left = launcher.run(todo)
        interrupted = interruption() is not None
    _say_how_to_go_on(plan, launcher.accepted, placement_of.placement, say)
    if left:
        say(f"{len(left)} experiments were not launched")
    if interrupted:
        return 130
    return 0 if all(state == "completed" for state in launcher.states.values()) else 1


def sayer(console: Console) -> Say:
    return lambda line: console.print(line, soft_wrap=True, markup=False, highlight=False)


def trials_on_sagemaker(
    plan: Plan, todo: Sequence[Planned], data_of: DataFinder, args: argparse.Namespace, say: Say
) -> list[Planned]:
    """The jobs with their place on AWS, for a loop that runs here and has its trials there."""
    check_requests([one.job for one in todo])
    check_budget(plan, [one.job for one in todo], read_prices(args.prices), say, remote=False)
    options = experiment_options(todo[0].job.settings)
    own = options.image_uri is None and options.framework is None
    placement_of = Placer(plan, todo, data_of, say, own_image=own)
    return [replace(one, job=replace(one.job, placement=placement_of(one.job).record())) for one in todo]


def _say_how_to_go_on(plan: Plan, accepted: Sequence[Job], placement: Placement, say: Say) -> None:
    if not accepted:
        return
    for job in accepted[:SHOWN_LINKS]:
        say(CONSOLE.format(region=placement.region, name=job.launch["training_job"]))
    if len(accepted) > SHOWN_LINKS:
        say(f"... and {len(accepted) - SHOWN_LINKS} more")
    name = shlex.quote(plan.experiment_name)
    say(f"follow:  python -m harness status {name} --watch   or   python -m harness logs {name} -f")
    say(f"results: python -m harness collect {name}")
    say(f"   also: {sync_command(plan.experiment_name, placement.bucket)}")


def sync_command(experiment_name: str, bucket: str) -> str:
    """What brings home all that analysis needs, without us."""
    from harness.aws.names import experiments_prefix

    prefix = experiments_prefix(experiment_name)
    wanted = ("*metadata.json", "*results.csv.zip")
    words = ["aws", "s3", "sync", f"s3://{bucket}/{prefix}", f"~/{prefix}", "--exclude", '"*"']
    return " ".join([*words, *(word for name in wanted for word in ("--include", f'"{name}"'))])
