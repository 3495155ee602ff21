"""`harness status WHAT`: how a sweep stands, once or, with --watch, until it ends; on this machine or on SageMaker."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group

from harness.cli.remote_jobs import find_remote, folders_of, remote_of
from harness.cli.running import job_label
from harness.cli.source import Source, read_source, register_source
from harness.cli.values import seconds
from harness.jobdir import SweepDir, results_root
from harness.plan.show import benchmark_label, method_label, method_name
from harness.results.progress import JobProgress, progress_table, totals
from harness.results.status import FINAL, read_status
from harness.results.summary import Standing, summary_tables

if TYPE_CHECKING:
    from harness.dispatch.mirror import RemoteJob


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    parser.add_argument(
        "--watch", action="store_true", help="show it anew until nothing is left to run (Ctrl-C to leave)"
    )
    parser.add_argument(
        "--interval", type=seconds(0.1), default=2.0, metavar="S", help="seconds between two looks of --watch [2]"
    )
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="experiments shown one by one [20]")
    parser.add_argument("--prices", type=Path, metavar="FILE", help="your own prices of SageMaker instances")


@dataclass(frozen=True)
class View:
    """A look at a sweep, whoever runs it.

    Attributes:
        standings: what a comparison of the completed ones needs.
        after: makes the lines below the table, for which AWS may have to be asked.
    """

    jobs: Sequence[JobProgress]
    standings: Sequence[Standing]
    after: Callable[[], Sequence[str]]


def run(args: argparse.Namespace) -> int:
    console = Console()
    look = _look_at_manifest if args.manifest.suffix in (".yaml", ".yml") else _look_at_name
    if args.watch:
        _watch(lambda: look(args), args, console)
    view = look(args)
    console.print(progress_table(view.jobs, args.limit))
    console.print(totals(view.jobs), soft_wrap=True)
    for table in summary_tables(view.standings):
        console.print(table)
    for line in view.after():
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    return 0


def _watch(look: Callable[[], View], args: argparse.Namespace, console: Console) -> None:
    """Show the sweep until each of its jobs has ended, or there is nobody to wait for any more."""
    from rich.live import Live

    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            jobs = look().jobs
            live.update(Group(progress_table(jobs, args.limit), totals(jobs)), refresh=True)
            if all(job.state in FINAL for job in jobs):
                return
            time.sleep(args.interval)


def _look_at_manifest(args: argparse.Namespace) -> View:
    source = read_source(args)
    spent = _renew(source, args)
    jobs = _jobs(source, launched="launched" if spent else "not run")
    standings = [
        Standing(
            benchmark_label(job.settings, source.plan),
            method_label(job.settings, source.plan),
            int(job.settings["run_id"]),
            job.status if job.state == "completed" else None,
        )
        for job in jobs
    ]
    results = f"results: {source.sweep.root}/{source.plan.experiment_name}-*"
    return View(jobs, standings, lambda: [*([spent()] if spent else []), results])


def _jobs(source: Source, launched: str) -> list[JobProgress]:
    """The plan's jobs with what their folders say. Each status file is read once: there may be ten thousand."""
    found = []
    for job in source.plan.jobs():
        record = source.state.jobs.get(job.job_id)
        status = read_status(source.sweep.job(record.tuner_name)) if record else {}
        state = str(status.get("state", launched if record else "not run"))
        found.append(JobProgress(job_label(source.plan, job), job.settings, state, status))
    return found


def _renew(source: Source, args: argparse.Namespace) -> Callable[[], str] | None:
    """Ask SageMaker how its experiments stand; what tells what they cost, None where it runs none."""
    remote = remote_of(folders_of(source)) if _any_remote(source) else None
    if remote is not None:
        remote.mirror.refresh(remote.jobs)
    jobs = list(remote.jobs) if remote is not None else []
    # With loops that run here their trials may be there.
    records = [
        source.state.jobs.get(job.job_id) for job in source.plan.jobs() if job.settings["backend"] == "sagemaker"
    ]
    names = {one.job.tuner_name for one in jobs} | {record.tuner_name for record in records if record is not None}
    return (lambda: _spent(names, jobs, args.prices, source.sweep)) if names else None


def _any_remote(source: Source) -> bool:
    return any(entry.get("runtime") == "sagemaker" for entry in source.journal.entries())


def _look_at_name(args: argparse.Namespace) -> View:
    """Experiments of a name, from whatever machine they were launched."""
    name = str(args.manifest)
    remote = find_remote(name, args.vars, args.given.get("s3_bucket"))
    remote.mirror.refresh(remote.jobs)
    jobs, standings = [], []
    for one in remote.jobs:
        settings, status = one.job.settings, read_status(one.folder)
        benchmark, method = str(settings["benchmark_name"]), method_name(settings)
        state = str(status.get("state", "launched"))
        jobs.append(JobProgress(f"{method} on {benchmark} run {one.job.run_id}", settings, state, status))
        standings.append(Standing(benchmark, method, one.job.run_id, status if state == "completed" else None))
    sweep = SweepDir(results_root(), str(remote.jobs[0].job.settings["experiment_name"]))
    names = [one.job.tuner_name for one in remote.jobs]
    return View(
        jobs, standings, lambda: [_spent(names, remote.jobs, args.prices, sweep), f"results: harness collect {name}"]
    )


def _spent(names: Collection[str], jobs: Sequence[RemoteJob], prices: Path | None, sweep: SweepDir) -> str:
    """Of experiments of these tuner names, of which `jobs` run on SageMaker as a whole."""
    from harness.aws.jobs import TrainingJobs
    from harness.dispatch.spending import spending
    from harness.plan.price import read_prices

    types = {one.training_job: one.job.launch["instance"] for one in jobs}
    return spending(names, TrainingJobs(), read_prices(prices), sweep.billed, types).line()
