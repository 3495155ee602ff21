"""`harness status FILE`: how a manifest's sweep stands, once or, with --watch, until it ends."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from rich.console import Console, Group

from harness.cli.running import job_label
from harness.cli.source import Source, read_source, register_source
from harness.plan.show import benchmark_label, method_label
from harness.results.progress import JobProgress, progress_table, totals
from harness.results.status import read_status
from harness.results.summary import Finished, summary_tables

FINAL = ("completed", "failed", "stopped")


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)
    parser.add_argument(
        "--watch", action="store_true", help="show it anew until nothing is left to run (Ctrl-C to leave)"
    )
    parser.add_argument(
        "--interval", type=float, default=2.0, metavar="S", help="seconds between two looks of --watch [2]"
    )
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="experiments shown one by one [20]")


def run(args: argparse.Namespace) -> int:
    console = Console()
    if args.watch:
        _watch(args, console)
    source = read_source(args)
    jobs = _jobs(source)
    console.print(progress_table(jobs, args.limit))
    console.print(totals(jobs), soft_wrap=True)
    finished = [
        Finished(
            benchmark_label(job.settings, source.plan),
            method_label(job.settings, source.plan),
            int(job.settings["run_id"]),
            job.status,
        )
        for job in jobs
        if job.state == "completed"
    ]
    for table in summary_tables(finished):
        console.print(table)
    console.print(f"results: {source.sweep.root}/{source.plan.experiment_name}-*", soft_wrap=True)
    return 0


def _watch(args: argparse.Namespace, console: Console) -> None:
    """Show the sweep until each of its jobs has ended, or there is nobody to wait for any more."""
    from rich.live import Live

    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            jobs = _jobs(read_source(args))
            live.update(Group(progress_table(jobs, args.limit), totals(jobs)), refresh=True)
            if all(job.state in FINAL for job in jobs):
                return
            time.sleep(max(args.interval, 0.1))


def _jobs(source: Source) -> list[JobProgress]:
    """The plan's jobs with what their folders say. Each status file is read once: there may be ten thousand."""
    found = []
    for job in source.plan.jobs():
        record = source.state.jobs.get(job.job_id)
        status = read_status(source.sweep.job(record.tuner_name)) if record else {}
        state = str(status.get("state", "not run"))
        found.append(JobProgress(job_label(source.plan, job), job.settings, state, status))
    return found
