"""Running a plan: shared by `sweep` and `launch`."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from harness.cli.prepare import DataFinder, choose_runtime, limits_of, open_runtime
from harness.cli.source import Source, read_source
from harness.cli.values import positive, size
from harness.dispatch.dispatcher import Dispatcher, Rules
from harness.dispatch.follow import Follower
from harness.dispatch.todo import Planned
from harness.errors import UsageError
from harness.jobdir import SweepDir
from harness.ledger.journal import Journal
from harness.plan.build import Plan
from harness.plan.job import Job
from harness.plan.show import benchmark_label, experiment_label, method_label
from harness.results.status import read_status
from harness.results.summary import Standing, summary_tables
from harness.tuner.interruption import Interruption


def register_running(parser: argparse.ArgumentParser, runtime: str = "auto") -> None:
    parser.add_argument(
        "--runtime", choices=("auto", "process", "docker"), default=runtime, help=f"where jobs run [{runtime}]"
    )
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help="experiments that run at once [1]")
    parser.add_argument(
        "--end_with_parent", action="store_true", help="end in an orderly way when the calling process dies"
    )
    parser.add_argument(
        "--prepare", action="store_true", help="install packages that trials in plain processes need, if missing"
    )
    parser.add_argument("--fail_fast", action="store_true", help="end once an experiment has failed")
    parser.add_argument(
        "--max_failed_experiments", type=positive, metavar="N", help="start no further one once so many have failed"
    )
    parser.add_argument(
        "--disk_budget", type=size, metavar="SIZE", help="start no further one once they take so much, e.g. 20g"
    )
    register_prices(parser)


def register_prices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prices",
        type=Path,
        metavar="FILE",
        help='your own prices of SageMaker instances: lines such as "ml.c5.xlarge" = 0.204 (USD an hour)',
    )


@dataclass(frozen=True)
class Run:
    """What became of a run: job id -> state of the jobs that ended, and whether a signal cut it short."""

    states: Mapping[str, str]
    interrupted: bool

    @property
    def exit_code(self) -> int:
        if self.interrupted:
            return 130
        return 0 if all(state == "completed" for state in self.states.values()) else 1


def run_planned(
    plan: Plan, todo: Sequence[Planned], sweep: SweepDir, journal: Journal, args: argparse.Namespace, console: Console
) -> Run:
    """Run the jobs to their ends. EnvironmentFault where the machine lacks something."""
    data_of = DataFinder(console.print)
    if any(planned.job.settings["backend"] == "sagemaker" for planned in todo):
        from harness.cli.remotely import sayer, trials_on_sagemaker

        if args.runtime == "docker":
            raise UsageError("backend sagemaker: the loop itself runs as a plain process (--runtime process)")
        todo, args.runtime = trials_on_sagemaker(plan, todo, data_of, args, sayer(console)), "process"
    runtime_name = choose_runtime(args.runtime, console.print)
    runtime, facts = open_runtime(runtime_name, sweep.root, plan, install=args.prepare, say=console.print)
    for planned in todo:
        data_of(planned.job)
    parent = os.getppid() if args.end_with_parent else None
    with Interruption(parent) as interruption, Follower(console, total=sum(not one.done for one in todo)) as follower:
        dispatcher = Dispatcher(
            sweep=sweep,
            journal=journal,
            runtime=runtime,
            launch=facts,
            follower=follower,
            slots=args.jobs,
            data_of=data_of,
            limits_of=limits_of,
            label_of=lambda job: job_label(plan, job),
            interruption=interruption,
            rules=Rules(args.max_failed_experiments, args.fail_fast, args.disk_budget),
        )
        try:
            states = dispatcher.run(todo)
        finally:
            runtime.close()
        return Run(states, dispatcher.interrupted)


def job_label(plan: Plan, job: Job) -> str:
    name = experiment_label(job.settings, plan)
    return f"{name} run {job.run_id}" if "run_id" in plan.swept else name


def print_summary(plan: Plan, planned: Sequence[Planned], sweep: SweepDir, console: Console) -> None:
    """Methods and winners of the finished experiments, failures, and where the results lie."""
    standings, unfinished = [], []
    for one in planned:
        status = read_status(sweep.job(one.job.tuner_name))
        completed = status.get("state") == "completed"
        names = (benchmark_label(one.job.settings, plan), method_label(one.job.settings, plan))
        standings.append(Standing(*names, one.job.run_id, status if completed else None))
        if not completed:
            story = [status.get("state", "not run"), status.get("reason", "")]
            unfinished.append(": ".join([job_label(plan, one.job), *filter(None, story)]))
    for table in summary_tables(standings):
        console.print(table)
    for line in unfinished:
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"results: {sweep.root}/{plan.experiment_name}-*", soft_wrap=True)


def register_once(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fresh", action="store_true", help="start anew: new seeds, nothing counts as done")
    parser.add_argument("--no_wait", action="store_true", help="fail if another sweep of this manifest is running")


def run_once(args: argparse.Namespace, console: Console, run: Callable[[Source], int]) -> int:
    """`run` with the manifest's plan and record, which nobody else works on meanwhile."""
    sweep = read_source(args).sweep
    with locked(sweep, console, wait=not args.no_wait):
        # Read again under the lock: a sweep that was waited for may have finished it all.
        return run(read_source(args, fresh=args.fresh))


def begin(source: Source, *, fresh: bool) -> None:
    """Note in the record with which seeds the sweep starts, where it does."""
    if fresh:
        source.journal.append("fresh")
    if source.state.offset is None:
        source.journal.append("created", offset=source.plan.offset, source=source.plan.raw.source)


@contextlib.contextmanager
def locked(sweep: SweepDir, console: Console, *, wait: bool) -> Iterator[None]:
    """Hold the sweep's lock. A lock whose holder died is free."""
    from filelock import FileLock, Timeout

    from harness.errors import EnvironmentFault

    lock = FileLock(sweep.lock)
    try:
        sweep.path.mkdir(parents=True, exist_ok=True)
        sweep.lock.touch()
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write to the results folder {sweep.root}: {error.strerror}",
            hint="set SYNETUNE_FOLDER to a folder that can be written",
        ) from error
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if not wait:
            raise EnvironmentFault(f"another sweep of '{sweep.experiment_name}' is running") from None
        console.print(f"another sweep of '{sweep.experiment_name}' is running; waiting for its end (Ctrl-C to leave)")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
