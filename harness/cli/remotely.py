"""Launching a plan on SageMaker: shared by `remote` and `launch`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from harness.cli.prepare import DataFinder, check_image, revision
from harness.cli.running import job_label
from harness.dispatch.todo import Planned
from harness.errors import UsageError
from harness.jobdir import SweepDir
from harness.ledger.journal import Journal
from harness.plan.build import Plan
from harness.plan.job import Job
from harness.plan.price import Estimate, Prices, estimate, read_prices
from harness.tuner.interruption import Interruption

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
        "--poll_seconds", type=float, default=10.0, metavar="S", help="seconds between two looks at SageMaker [10]"
    )
    parser.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help='your own prices: lines such as "ml.c5.xlarge" = 0.204 (USD an hour)',
    )


def launch_remotely(
    plan: Plan, todo: Sequence[Planned], sweep: SweepDir, journal: Journal, args: argparse.Namespace, console: Console
) -> int:
    """Launch the jobs; exit code. EnvironmentFault or UsageError before the first, where something is lacking."""
    from harness.aws.placement import Placement, place, upload
    from harness.aws.s3 import Bucket
    from harness.dispatch.mirror import Mirror
    from harness.dispatch.remote import RemoteLauncher, Rules
    from harness.runtime.sagemaker import NAME, SageMakerRuntime, options_of

    say = _sayer(console)
    check_budget(plan, [one.job for one in todo if not one.open], read_prices(args.prices), say)
    options = options_of(todo[0].job)
    data_of = DataFinder(say)
    for planned in todo:
        data_of(planned.job)
    if options.image_uri is None:
        check_image(plan)
    placement = place(options, lambda: options.image_uri or _pushed(say), say)
    bucket = Bucket(placement.bucket, options.kms_key)
    uploaded: dict[tuple[tuple[str, Path], ...], dict[str, str]] = {}

    def placement_of(job: Job) -> Placement:
        data = data_of(job)
        key = tuple(sorted(data.items()))
        if key not in uploaded:
            uploaded[key] = upload(data, bucket, say)
        return replace(placement, channels=uploaded[key])

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
    _say_how_to_go_on(plan, launcher.accepted, placement, say)
    if left:
        say(f"{len(left)} experiments were not launched")
    if interrupted:
        return 130
    return 0 if all(state == "completed" for state in launcher.states.values()) else 1


def _sayer(console: Console) -> Any:
    return lambda line: console.print(line, soft_wrap=True, markup=False, highlight=False)


def _pushed(say: Any) -> str:
    from harness.runtime.push import push_image

    return push_image(say=say).by_digest


def check_budget(plan: Plan, jobs: Sequence[Job], prices: Prices, say: Any) -> None:
    """Say what the jobs cost at most. UsageError where that is above the sweep's `budget_usd`, or cannot be known."""
    found = estimate(jobs, prices)
    for line in price_lines(found, prices):
        say(line)
    budget = plan.raw.values.get("budget_usd")
    if budget is None:
        return
    hint = "lower scheduler_timeout or max_run_seconds, launch fewer experiments, or raise budget_usd"
    if found.unknown:
        raise UsageError(
            f"budget_usd = {budget}: the price of {', '.join(found.unknown)} is not known; give --prices FILE"
        )
    if found.usd > float(budget):
        raise UsageError(f"budget_usd = {budget}: these experiments may cost up to USD {found.usd:.2f}; {hint}")


def price_lines(found: Estimate, prices: Prices) -> list[str]:
    lines = []
    for name, (instances, hours, usd) in found.rows.items():
        cost = "price unknown" if usd is None else f"USD {usd:.2f}"
        lines.append(f"  {name}: {instances} at once at most, {hours:.1f} hours at most, {cost}")
    total = f"at most USD {found.usd:.2f}" + (f" and {', '.join(found.unknown)}" if found.unknown else "")
    return [*lines, f"cost: {total} (prices: {prices.source})"] if lines else []


def _say_how_to_go_on(plan: Plan, accepted: Sequence[Job], placement: Any, say: Any) -> None:
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


def placeholder(settings: Mapping[str, Any]) -> dict[str, str]:
    """A placement for looking at requests before there is an account to ask."""
    return {
        "region": "REGION",
        "account": "111122223333",
        "role": str(settings.get("sagemaker_execution_role", "arn:aws:iam::111122223333:role/ROLE")),
        "bucket": str(settings.get("s3_bucket", "BUCKET")),
        "image": str(settings.get("image_uri", "IMAGE")),
        "code": f"s3://{settings.get('s3_bucket', 'BUCKET')}/hpo-harness/code/DIGEST/",
    }
