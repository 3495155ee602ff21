"""`harness smoke FILE`: try out, inside the real runtime, what a sweep would run for hours."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from harness.cli.prepare import DataFinder, choose_runtime, limits_of, open_runtime
from harness.cli.source import read_source, register_source
from harness.cli.values import seconds
from harness.errors import EnvironmentFault, Interrupted
from harness.jobdir import JobDir, read_json
from harness.plan.build import Plan
from harness.plan.job import Job, write_job
from harness.plan.resolve import KINDS
from harness.plan.show import method_name
from harness.results.status import read_status
from harness.runtime.protocol import JobState, Runtime
from harness.tuner.interruption import Interruption

POLL_SECONDS = 0.2


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    parser.add_argument(
        "--runtime", choices=("auto", "process", "docker"), default="auto", help="where jobs run [auto]"
    )
    parser.add_argument(
        "--level_seconds", type=seconds(1), default=600.0, metavar="S", help="longest time for one resource level [600]"
    )


def run(args: argparse.Namespace) -> int:
    """Exit code 1 where something is found. EnvironmentFault where the machine lacks something."""
    console = Console()
    plan = read_source(args).plan
    found = 0
    with tempfile.TemporaryDirectory(prefix="harness-smoke-") as place, Interruption() as interruption:
        name = choose_runtime(args.runtime, console.print)
        runtime, facts = open_runtime(name, Path(place), plan, install=False, say=console.print)
        data_of = DataFinder(console.print)
        try:
            for job in _one_of_each(plan):
                tried = replace(job, launch=facts)
                faults, notes = _try(tried, Path(place), runtime, data_of, args.level_seconds, interruption)
                if interruption() is not None:
                    return Interrupted.exit_code
                found += len(faults)
                _tell(console, job, faults, notes)
        finally:
            runtime.close()
    return 1 if found else 0


def _tell(console: Console, job: Job, faults: Sequence[str], notes: Sequence[str]) -> None:
    verdict = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}" if faults else "ok"
    console.print(f"{job.settings['benchmark_name']}, {method_name(job.settings)}: {verdict}", markup=False)
    for line in (*faults, *notes):
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _one_of_each(plan: Plan) -> Iterator[Job]:
    """A job for each combination of benchmark and method."""
    seen = set()
    for job in plan.jobs():
        parts = tuple(str(job.settings[setting]) for setting in KINDS)
        if parts not in seen:
            seen.add(parts)
            yield job


def _try(
    job: Job, place: Path, runtime: Runtime, data_of: DataFinder, seconds: float, interruption: Interruption
) -> tuple[Sequence[str], Sequence[str]]:
    """Faults and notes; none where it is interrupted."""
    folder = JobDir(place / job.tuner_name)
    folder.path.mkdir()
    write_job(folder, job)
    request = runtime.request(job.tuner_name, folder.path, data_of(job), limits_of(job))
    request = replace(request, command=(*request.command, "--smoke", str(seconds)))
    runtime.submit(request)
    try:
        while runtime.poll([job.tuner_name])[job.tuner_name] is JobState.RUNNING:
            if interruption() is not None:
                return (), ()
            time.sleep(POLL_SECONDS)
    finally:
        runtime.cancel(job.tuner_name)
        runtime.collect(job.tuner_name, folder.path)
    result = read_json(folder.smoke)
    if result is not None:
        return result["faults"], result["notes"]
    reason = read_status(folder).get("reason")
    if reason:
        return [str(reason)], []
    log = folder.log.read_text(errors="replace").strip() if folder.log.exists() else ""
    raise EnvironmentFault(f"trying out {job.tuner_name} ended without a word: {log[-2000:]}")
