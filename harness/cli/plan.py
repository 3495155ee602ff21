"""`harness plan FILE`: what a manifest expands into. Nothing is created."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from harness.cli.source import read_source, register_source
from harness.plan.build import Plan
from harness.plan.export import as_commands
from harness.plan.show import plan_table


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object per experiment on standard output")
    form.add_argument("--as-command", action="store_true", help="the equal calls of scripts/launch_hpo.py")


def run(args: argparse.Namespace) -> int:
    plan = read_source(args).plan
    if args.as_command:
        print("\n".join(as_commands(plan)))
    elif args.json:
        print_jobs(plan)
    else:
        print_table(plan)
    return 0


def print_jobs(plan: Plan) -> None:
    """One JSON object a line, in launch order."""
    for job in plan.jobs():
        sys.stdout.write(json.dumps(job.record()) + "\n")


def print_table(plan: Plan) -> None:
    from rich.console import Console

    # A table cut to 80 columns by a pipe would lose the names.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(plan_table(plan))
