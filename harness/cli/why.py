"""`harness why FOLDER TRIAL`: why a trial was stopped, paused or promoted."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.cli.values import nonempty
from harness.errors import UsageError
from harness.jobdir import JobDir, results_root
from harness.results.explain import Step, explain, read_events


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument(
        "folder", type=nonempty, metavar="FOLDER", help="folder of an experiment, or its name (tuner_name)"
    )
    parser.add_argument("trial", metavar="TRIAL", help="number of the trial")
    parser.add_argument("--json", action="store_true", help="print a list of objects instead of text")


def run(args: argparse.Namespace) -> int:
    if not args.trial.isdecimal():
        raise UsageError(f"TRIAL = {args.trial!r}: expected the number of a trial, from 0 up")
    steps = explain(read_events(_find(args.folder)), int(args.trial))
    if args.json:
        print(json.dumps([_plain(step) for step in steps], indent=2))
        return 0
    print(f"trial {args.trial}:")
    for step in steps:
        print("\n".join(_lines(step)))
    return 0


def _find(name: str) -> JobDir:
    """The folder itself, or the one of that name among the results."""
    places = (Path(name).expanduser(), results_root() / name)
    for place in places:
        if JobDir(place).events.is_file():
            return JobDir(place)
    looked = " nor ".join(str(JobDir(place).events) for place in dict.fromkeys(places))
    raise UsageError(f"FOLDER = {name!r}: no experiment of that name: there is neither {looked}")


def _plain(step: Step) -> dict[str, Any]:
    return {name: value for name, value in asdict(step).items() if value not in ("", {})}


def _lines(step: Step) -> list[str]:
    lines = [f"{step.at:12.1f} s  {step.what:9}  {step.reason}".rstrip()]
    if step.grounds:
        lines.append(_compared(step.grounds))
    if step.later:
        lines.append(f"never promoted; at last, of {step.later['count']} values there {_needed(step.later)}")
    return [lines[0], *(f"{'':25}{line}" for line in lines[1:])]


def _compared(grounds: Mapping[str, Any]) -> str:
    among = f" in bracket {grounds['bracket']}" if "bracket" in grounds else ""
    text = f"rank {grounds['rank']} of {grounds['count']} at level {grounds['level']}{among}"
    return f"{text}; {_needed(grounds)}" if grounds["places"] > 0 else text


def _needed(grounds: Mapping[str, Any]) -> str:
    best = f"the best {grounds['places']} go on" if grounds["places"] > 1 else "the best goes on"
    return f"{best}: {grounds['cutoff']:.4g} or better" if "cutoff" in grounds else best
