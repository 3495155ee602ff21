"""`harness sweep FILE`: run what the sweep still lacks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console

from harness.cli.console import LastingConsole
from harness.cli.running import begin, print_summary, register_once, register_running, run_once, run_planned
from harness.cli.source import Source, read_source, register_source
from harness.dispatch.todo import Planned, compare
from harness.errors import UsageError
from harness.jobdir import read_json
from harness.plan.show import experiments
from harness.results.status import FINAL, read_status


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    register_running(parser)
    register_once(parser)


def run(args: argparse.Namespace) -> int:
    console = LastingConsole()
    return run_once(args, console, lambda source: _run_locked(source, args, console))


def _run_locked(source: Source, args: argparse.Namespace, console: Console) -> int:
    plan = source.plan
    planned = compare(plan.jobs(), source.state, source.sweep)
    todo = [one for one in planned if not one.done or one.open]
    _refuse_those_on_sagemaker(todo, source)
    missing = sum(not one.done for one in planned)
    if not todo:
        console.print(f"nothing to do: all {len(planned)} experiments of '{plan.experiment_name}' are finished")
        print_summary(plan, planned, source.sweep, console)
        return 0
    begin(source, fresh=args.fresh)
    console.print(
        f"{plan.experiment_name}: {experiments(len(planned))}, {len(planned) - missing} finished, {missing} to run; "
        f"random seed offset {plan.offset}",
        soft_wrap=True,
    )
    result = run_planned(plan, todo, source.sweep, source.journal, args, console)
    after = compare(plan.jobs(), read_source(args).state, source.sweep)
    print_summary(plan, after, source.sweep, console)
    if result.exit_code != 0:
        console.print("the same command runs what is missing")
    return result.exit_code


def _refuse_those_on_sagemaker(todo: Sequence[Planned], source: Source) -> None:
    """UsageError for experiments that may be running there: here they would run a second time."""
    folders = [source.sweep.job(one.job.tuner_name) for one in todo if one.open]
    launched = [folder for folder in folders if "training_job" in (read_json(folder.job) or {}).get("launch", {})]
    away = [folder.path.name for folder in launched if read_status(folder).get("state") not in FINAL]
    if away:
        raise UsageError(
            f"{len(away)} experiments were launched on SageMaker, and nobody has seen them end: {away[0]}, ...",
            hint=f"`harness status {source.plan.raw.source}` looks after them, `harness stop` ends them",
        )
