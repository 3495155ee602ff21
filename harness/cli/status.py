"""`harness status FILE`: how a manifest's sweep stands."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from harness.cli.running import job_label, print_summary
from harness.cli.source import read_source, register_source
from harness.dispatch.todo import compare
from harness.results.status import read_status


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_source(parser, argv)


def run(args: argparse.Namespace) -> int:
    console = Console()
    source = read_source(args)
    planned = compare(source.plan.jobs(), source.state, source.sweep)
    counts: Counter[str] = Counter()
    for one in planned:
        status = read_status(source.sweep.job(one.job.tuner_name)) if one.attempts else {}
        state = status.get("state", "not run")
        counts[state] += 1
        if state == "running":
            progress = f"running for {status['elapsed']:.0f} s, {status['num_trials']} trials"
            console.print(f"{job_label(source.plan, one.job)}: {progress}", markup=False)
    console.print(", ".join(f"{count} {state}" for state, count in counts.items()))
    print_summary(source.plan, [one for one in planned if one.done], source.sweep, console)
    return 0
