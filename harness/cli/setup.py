"""`harness setup`: make this machine ready for a runtime before it is needed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from harness.cli.prepare import COMMON_EXTRAS, choose_runtime, ensure_packages


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument(
        "--runtime", choices=("auto", "process", "docker"), default="auto", help="where jobs run [auto]"
    )


def run(args: argparse.Namespace) -> int:
    if choose_runtime(args.runtime, print) == "docker":
        from harness.runtime.image import ensure_image

        print(f"ready: image {ensure_image()}")
    else:
        ensure_packages(COMMON_EXTRAS, install=True, say=print)
        print("ready: packages for trials in plain processes are installed")
    return 0
