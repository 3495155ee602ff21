"""Manifest, variables and overriding flags: what `plan`, `sweep` and `status` work on."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from harness.cli.settings import add_setting_flags
from harness.cli.values import nonempty_path
from harness.core.seeds import SEED_LIMIT
from harness.jobdir import SweepDir, results_root
from harness.ledger.journal import Journal
from harness.ledger.state import SweepState, fold
from harness.manifest.flags import given_settings
from harness.manifest.load import load_manifest
from harness.manifest.render import parse_variables
from harness.plan.build import Plan, build


def register_source(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("manifest", type=nonempty_path, help="YAML file, e.g. experiments/mobster.yaml")
    parser.add_argument("--vars", default="", metavar='"K=V ..."', help="variables of the manifest's template")
    add_setting_flags(parser, argv)


@dataclass(frozen=True)
class Source:
    """A sweep's plan and the record of what was done of it."""

    plan: Plan
    sweep: SweepDir
    journal: Journal
    state: SweepState


def read_source(args: argparse.Namespace, *, fresh: bool = False) -> Source:
    """Plan of the manifest, with the seed offset of its record where there is one. UsageError as the plan says."""
    raw = given_settings(args).over(load_manifest(args.manifest, parse_variables(args.vars)))
    drawn = secrets.randbelow(SEED_LIMIT)
    first = build(raw, drawn)
    sweep = SweepDir(results_root(), first.experiment_name)
    journal = Journal(sweep.journal)
    state = SweepState() if fresh else fold(journal.entries())
    plan = first if state.offset is None else build(raw, state.offset, first.created)
    for note in plan.notes:
        print(f"note: {note}", file=sys.stderr)
    return Source(plan, sweep, journal, state)
