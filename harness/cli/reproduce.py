"""`harness reproduce NAME`: run one experiment again from its record alone, and compare the results."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from harness.cli.diff import named_experiment
from harness.cli.needs import need_packages
from harness.cli.running import locked, register_running, run_planned
from harness.cli.values import nonempty
from harness.dispatch.todo import compare
from harness.errors import HarnessError, UsageError
from harness.jobdir import JobDir, SweepDir, results_root
from harness.ledger.journal import Journal
from harness.ledger.state import SweepState
from harness.manifest.raw import Raw
from harness.plan.build import Plan, build
from harness.plan.job import read_job
from harness.results.load import Experiment
from harness.results.provenance import provenance
from harness.results.settings import settings_of


class NotReproducible(HarnessError):
    """What would run is not what ran."""


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("experiment", type=nonempty, help="its name, or a folder with its metadata.json")
    parser.add_argument(
        "--allow_differences", action="store_true", help="run though code, packages or image are not those that were"
    )
    register_running(parser, runtime="recorded")


def run(args: argparse.Namespace) -> int:
    need_packages("harness reproduce", ["pyarrow"])
    console = Console()
    original = named_experiment(args.experiment)
    plan = _plan(original)
    args.runtime = original.metadata.get("runtime", "process") if args.runtime == "recorded" else args.runtime
    changed = _changed(original.metadata, args.runtime)
    if changed and not args.allow_differences:
        raise NotReproducible(
            "\n".join(f"{original.name}: {line}" for line in changed),
            hint="check out that revision, or run it all the same with --allow_differences",
        )
    for line in changed:
        console.print(f"note: {line}", soft_wrap=True, markup=False)
    (job,) = plan.jobs()
    sweep = SweepDir(results_root(), f"reproduce-{job.tuner_name}")
    with locked(sweep, console, wait=False):
        result = run_planned(plan, compare([job], SweepState(), sweep), sweep, Journal(sweep.journal), args, console)
    if result.exit_code:
        return result.exit_code
    return _compared(original, _started(sweep), console)


def _plan(original: Experiment) -> Plan:
    """A sweep of one experiment, with the settings and the seed of the original."""
    settings = _recorded(original)
    seed = settings.pop("random_seed")
    offset = int(settings["random_seed_offset"])
    settings["tags"] = f"reproduces {original.name}"
    plan = build(Raw(settings, dict.fromkeys(settings, f"record of {original.name}")), offset)
    (job,) = plan.jobs()
    if job.random_seed != seed:
        raise UsageError(
            f"{original.name}: its record is at odds with itself: the seed of its run id is {job.random_seed}"
        )
    return plan


def _recorded(original: Experiment) -> dict[str, Any]:
    """Settings from `job.json`, else from `metadata.json`. UsageError where neither is one of ours."""
    with contextlib.suppress(ValueError):
        return dict(read_job(JobDir(original.folder)).settings)
    settings = settings_of(original.metadata)
    if not settings:
        raise UsageError(
            f"{original.name}: its metadata do not tell how it was made (another tool's, or other plug-ins)"
        )
    return settings


def _changed(facts: Mapping[str, Any], runtime: str) -> list[str]:
    """A line for each part of what makes results that is not as it was: code, and image or packages."""
    now = provenance()
    names = ["code_hash"]
    if runtime == "docker":
        from harness.runtime.image import image_info

        now["image"] = image_info().tag
        names.append("image")
    else:
        names += ["python_version", *(name for name in facts if name.startswith("package_"))]
    lines = []
    for name in names:
        if name not in facts:
            lines.append(f"{name} was not recorded, so that nobody knows whether it has changed")
        elif facts[name] != now.get(name):
            lines.append(f"{name} was {facts[name]} and is {now.get(name, 'absent')}")
    return lines


def _started(sweep: SweepDir) -> Experiment:
    (entry,) = (entry for entry in Journal(sweep.journal).entries() if entry["event"] == "submitting")
    return named_experiment(str(sweep.job(entry["tuner_name"]).path))


def _compared(original: Experiment, again: Experiment, console: Console) -> int:
    """Say how the results compare. 1 where a simulation, which must repeat exactly, did not."""
    from harness.results.differences import differences

    found = [one for one in differences(original, again) if one.kind == "result"]
    if not found:
        console.print(f"{again.name}: the same results as {original.name}", soft_wrap=True)
        return 0
    for one in found:
        console.print(f"{one.name}: {one.one} then, {one.other} now", soft_wrap=True, markup=False)
    if original.virtual:
        return 1
    console.print("real trainings differ from run to run; simulated ones would not", soft_wrap=True)
    return 0
