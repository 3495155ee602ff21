"""`harness list`: what can be named in a manifest or on a command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from harness.plan.resolve import KINDS, table
from harness.plugins import METHODS, RUNTIMES

METHODS_TITLE = "methods"
TITLES = (*(f"{kind}s" for kind in KINDS.values()), "runtimes", METHODS_TITLE)


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("what", nargs="?", choices=TITLES, metavar="WHAT", help=f"{', '.join(TITLES)} [all]")


def run(args: argparse.Namespace) -> int:
    for title in [args.what] if args.what else TITLES:
        print(f"{title}:")
        for name, summary in _lines(title):
            print(f"  {name:26} {summary}")
    return 0


def _lines(title: str) -> Iterator[tuple[str, str]]:
    """Names and what is said of each."""
    if title == METHODS_TITLE:
        for name, (scheduler, searcher) in METHODS.items():
            yield name, f"{scheduler} + {searcher}"
        return
    tables = {f"{kind}s": table(setting) for setting, kind in KINDS.items()} | {"runtimes": RUNTIMES}
    for name, plugin in tables[title].items():
        yield name, plugin.summary
