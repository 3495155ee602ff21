"""`harness remote FILE`: launch on SageMaker what a manifest's sweep still lacks, and return."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.cli.console import LastingConsole
from harness.cli.remotely import launch_remotely, register_remote
from harness.cli.running import begin, print_summary, register_once, register_prices, run_once
from harness.cli.source import Source, read_source, register_source
from harness.dispatch.todo import compare
from harness.plan.show import experiments


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    register_remote(parser)
    register_prices(parser)
    register_once(parser)


def run(args: argparse.Namespace) -> int:
    console = LastingConsole()
    return run_once(args, console, lambda source: _run_locked(source, args, console))


def _run_locked(source: Source, args: argparse.Namespace, console: LastingConsole) -> int:
    plan = source.plan
    planned = compare(plan.jobs(), source.state, source.sweep)
    todo = [one for one in planned if not one.done]
    console.print(
        f"{plan.experiment_name}: {experiments(len(planned))}, {len(planned) - len(todo)} finished; "
        f"random seed offset {plan.offset}",
        soft_wrap=True,
    )
    if not todo:
        print_summary(plan, planned, source.sweep, console)
        return 0
    begin(source, fresh=args.fresh)
    code = launch_remotely(plan, todo, source.sweep, source.journal, args, console)
    if args.wait:
        print_summary(plan, compare(plan.jobs(), read_source(args).state, source.sweep), source.sweep, console)
    return code
