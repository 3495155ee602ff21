"""`harness launch`, `scripts/launch_hpo.py`: many experiments from one command line."""

from __future__ import annotations

import argparse
import secrets
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from harness.cli.console import LastingConsole
from harness.cli.plan import print_jobs
from harness.cli.remotely import launch_remotely, register_remote
from harness.cli.running import print_summary, register_running, run_planned
from harness.cli.settings import add_setting_flags
from harness.core.seeds import SEED_LIMIT
from harness.dispatch.todo import compare
from harness.errors import UsageError
from harness.jobdir import SweepDir, replacing, results_root
from harness.ledger.journal import Journal
from harness.ledger.state import SweepState, fold
from harness.manifest.flags import given_settings
from harness.plan.build import Plan, build
from harness.plan.export import as_manifest
from harness.plan.show import experiments


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument(
        "--local_tuner",
        action="store_true",
        help="run here, and wait for the end; without it every experiment becomes a SageMaker training job",
    )
    parser.add_argument(
        "--dry_run",
        action="store_true",
        help="print one JSON object per experiment instead of launching; creates nothing",
    )
    parser.add_argument(
        "--write_manifest", type=Path, metavar="FILE", help="write the equal manifest to FILE instead of launching"
    )
    register_running(parser, runtime="process")
    register_remote(parser)
    add_setting_flags(parser, argv)
    parser.set_defaults(argv=list(argv))


def run(args: argparse.Namespace) -> int:
    plan = build(given_settings(args), secrets.randbelow(SEED_LIMIT))
    console = LastingConsole(stderr=args.dry_run)
    for note in plan.notes:
        print(f"note: {note}", file=sys.stderr)
    lists = {name: value for name, value in plan.raw.values.items() if isinstance(value, list)}
    console.print(f"random_seed_offset: {plan.offset}")
    for name, values in lists.items():
        console.print(f"{name}: {' '.join(map(str, values))}", markup=False)
    skipped = f" (the first {plan.skip} are skipped)" if plan.skip else ""
    console.print(f"{experiments(len(plan))}{skipped}")
    if args.write_manifest is not None:
        _write_manifest(args.write_manifest, plan, console)
        return 0
    if args.dry_run:
        print_jobs(plan)
        return 0
    return _launch(plan, args, console)


def _write_manifest(path: Path, plan: Plan, console: Console) -> None:
    if path.exists():
        raise UsageError(f"--write_manifest: {path} exists already")
    try:
        with replacing(path) as file:
            file.write(as_manifest(plan).encode())
    except OSError as error:
        raise UsageError(f"--write_manifest: cannot write {path}: {error.strerror}") from None
    console.print(f"manifest: {path}")


def _launch(plan: Plan, args: argparse.Namespace, console: Console) -> int:
    jobs = list(plan.jobs())
    if not jobs:
        console.print("nothing to launch")
        return 0
    sweep = SweepDir(results_root(), f"launch-{jobs[0].tuner_name}")
    journal = Journal(sweep.journal)
    todo = compare(jobs, SweepState(), sweep)
    try:
        if args.local_tuner:
            code = run_planned(plan, todo, sweep, journal, args, console).exit_code
        else:
            code = launch_remotely(plan, todo, sweep, journal, args, console)
    finally:
        launched = compare(jobs, fold(journal.entries()), sweep)
        started = [one for one in launched if one.attempts]
        if started:
            console.print(
                f"For the record: {started[0].job.tuner_name} .. {started[-1].job.tuner_name}", soft_wrap=True
            )
        # On SageMaker what was launched goes on by itself; here it ends with this call.
        done = next(
            (i for i, one in enumerate(launched) if not (one.done if args.local_tuner else one.attempts)), len(jobs)
        )
        if started and done < len(jobs):
            console.print(f"to continue: {_continuation(args.argv, plan, done)}", soft_wrap=True, markup=False)
    if args.local_tuner:
        print_summary(plan, launched, sweep, console)
    return code


def _continuation(argv: Sequence[str], plan: Plan, done: int) -> str:
    """The command that launches all from the first experiment that did not complete, with the same seeds."""
    words: list[str] = []
    own = ("--random_seed_offset", "--skip_initial_experiments")
    skipping = False
    for word in argv:
        if word.startswith("--"):
            skipping = word.split("=")[0] in own
        if not skipping:
            words.append(word)
    words += [own[0], str(plan.offset), own[1], str(plan.skip + done)]
    script = Path(sys.argv[0])
    command = ["python", str(script)] if script.name == "launch_hpo.py" else ["python", "-m", "harness", "launch"]
    return shlex.join([*command, *words])
