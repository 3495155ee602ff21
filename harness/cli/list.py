"""`harness list`: what can be named in a manifest or on a command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.plan.resolve import KINDS, table
from harness.plugins import METHODS, RUNTIMES


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    pass


def run(args: argparse.Namespace) -> int:
    tables = {f"{kind}s": table(setting) for setting, kind in KINDS.items()} | {"runtimes": RUNTIMES}
    for title, plugins in tables.items():
        print(f"{title}:")
        for name, plugin in plugins.items():
            print(f"  {name:26} {plugin.summary}")
    print("methods (of a manifest):")
    for name, (scheduler, searcher) in METHODS.items():
        print(f"  {name:26} {scheduler} + {searcher}")
    return 0
