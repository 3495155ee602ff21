"""`harness diff A B`: what differs between two experiments."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.cli.needs import need_packages
from harness.cli.values import nonempty
from harness.errors import UsageError
from harness.jobdir import results_root
from harness.results.load import Experiment, read_experiment


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("one", type=nonempty, help="name of an experiment, or its folder")
    parser.add_argument("other", type=nonempty, help="name of an experiment, or its folder")


def run(args: argparse.Namespace) -> int:
    need_packages("harness diff", ["pyarrow"])
    from harness.results.differences import differences

    one, other = named_experiment(args.one), named_experiment(args.other)
    found = differences(one, other)
    console = Console()
    if not found:
        console.print("no difference but names and times", soft_wrap=True)
        return 0
    table = Table()
    for column in ("", "what", one.name, other.name):
        table.add_column(column, overflow="fold")
    kind = None
    for difference in found:
        table.add_row(
            "" if difference.kind == kind else difference.kind, difference.name, difference.one, difference.other
        )
        kind = difference.kind
    console.print(table)
    return 0


def named_experiment(word: str) -> Experiment:
    """The experiment of a folder, or of a name in the results folder. UsageError where there is none."""
    below = results_root() / word
    folder = below if below.is_dir() else Path(word).expanduser()
    found = read_experiment(folder)
    if isinstance(found, Experiment):
        return found
    if folder.is_dir():
        raise UsageError(f"{folder}: {found.reason}")
    raise UsageError(f"'{word}' is neither a folder nor an experiment in {results_root()}")
