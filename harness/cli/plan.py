"""`harness plan FILE`: what a manifest expands into. Nothing is created."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.placing import placeholder
from harness.cli.pricing import price_lines
from harness.cli.source import read_source, register_source
from harness.plan.build import Plan
from harness.plan.export import as_commands
from harness.plan.price import estimate, read_prices
from harness.plan.show import plan_table


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object per experiment on standard output")
    form.add_argument("--as-command", action="store_true", help="the equal calls of scripts/launch_hpo.py")
    form.add_argument(
        "--price",
        action="store_true",
        help="what launching it on SageMaker costs at most: instances, hours, US dollars",
    )
    form.add_argument(
        "--requests",
        action="store_true",
        help="what SageMaker would be sent, one JSON object per experiment; asks nobody",
    )
    parser.add_argument("--prices", type=Path, metavar="FILE", help="your own prices for --price")


def run(args: argparse.Namespace) -> int:
    plan = read_source(args).plan
    if args.as_command:
        print("\n".join(as_commands(plan)))
    elif args.json:
        print_jobs(plan)
    elif args.price:
        print_price(plan, args.prices)
    elif args.requests:
        print_requests(plan)
    else:
        print_table(plan)
    return 0


def print_jobs(plan: Plan) -> None:
    """One JSON object a line, in launch order."""
    for job in plan.jobs():
        sys.stdout.write(json.dumps(job.record()) + "\n")


def print_price(plan: Plan, own: Path | None) -> None:
    prices = read_prices(own)
    print("\n".join(price_lines(estimate(plan.jobs(), prices), prices)))


def print_requests(plan: Plan) -> None:
    """With placeholders for what only an account can tell."""
    from harness.aws.placement import Placement
    from harness.runtime.sagemaker import job_request, placed
    from harness.tuner.assemble import load_benchmark

    for job in plan.jobs():
        facts = placeholder(job.settings)
        data = {
            name: f"s3://{facts['bucket']}/hpo-harness/data/{name}-DIGEST/"
            for name in load_benchmark(job.settings).data
        }
        request = job_request(placed(job, Placement(**facts, channels=data), attempt=1))
        sys.stdout.write(json.dumps(request) + "\n")


def print_table(plan: Plan) -> None:
    from rich.console import Console

    # A table cut to 80 columns by a pipe would lose the names.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(plan_table(plan))
