"""`harness resume FOLDER`: go on with one experiment that was cut short."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from harness.cli.console import LastingConsole
from harness.cli.prepare import DataFinder, limits_of, shared_imports
from harness.cli.values import nonempty_path
from harness.dispatch.dispatcher import Dispatcher
from harness.dispatch.follow import Follower
from harness.dispatch.todo import Planned
from harness.errors import UsageError
from harness.jobdir import JobDir, SweepDir
from harness.ledger.journal import Journal
from harness.plan.job import Job, read_job
from harness.plan.show import method_name
from harness.results.status import read_status
from harness.runtime.protocol import Runtime
from harness.tuner.interruption import Interruption


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("folder", type=nonempty_path, help="folder of the experiment, with its job.json")


def run(args: argparse.Namespace) -> int:
    """UsageError where the folder is none of an experiment, or its experiment has failed."""
    console = LastingConsole()
    folder = JobDir(args.folder.resolve())
    try:
        job = read_job(folder)
    except (ValueError, OSError) as error:
        raise UsageError(str(error)) from None
    status = read_status(folder)
    if status.get("state") == "completed":
        console.print(f"nothing to do: {job.tuner_name} is completed: {status.get('reason')}", soft_wrap=True)
        return 0
    if status.get("state") == "failed":
        raise UsageError(
            f"{job.tuner_name} has failed: {status.get('reason')}",
            hint="`harness sweep` and `harness launch` run failed experiments anew",
        )
    state = _continue(job, folder, console)
    console.print(f"results: {folder.path}", soft_wrap=True)
    return {"completed": 0, "stopped": 130}.get(state, 1)


def _continue(job: Job, folder: JobDir, console: Console) -> str:
    """State that the experiment ends in; one that runs already is followed."""
    sweep = SweepDir(folder.path.parent, f"resume-{job.tuner_name}")
    data_of = DataFinder(console.print)
    data_of(job)
    runtime = _runtime(job, folder.path.parent)
    with Interruption() as interruption, Follower(console, total=1) as follower:
        dispatcher = Dispatcher(
            sweep=sweep,
            journal=Journal(sweep.journal),
            runtime=runtime,
            launch=job.launch,
            follower=follower,
            slots=1,
            data_of=data_of,
            limits_of=limits_of,
            label_of=lambda job: method_name(job.settings),
            interruption=interruption,
        )
        try:
            states = dispatcher.run([Planned(job, done=False, attempts=1, open=True)])
        finally:
            runtime.close()
    return states.get(job.job_id, "stopped")


def _runtime(job: Job, root: Path) -> Runtime:
    """Where the experiment ran before."""
    if job.launch.get("runtime") == "docker":
        from harness.runtime.docker import DockerRuntime

        return DockerRuntime(job.launch.get("image"))
    from harness.runtime.process import ProcessRuntime

    return ProcessRuntime(root, imports=shared_imports)
