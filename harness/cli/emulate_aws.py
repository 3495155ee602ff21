"""`harness emulate-aws`: AWS on this machine, to try remote launches without an account."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

PORT = 4566


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("--port", type=int, default=PORT, help=f"on 127.0.0.1; 0 for any free one [{PORT}]")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep images and files of jobs there [a folder that goes at the end]"
    )
    parser.add_argument(
        "--executor",
        choices=("auto", "docker", "process"),
        default="auto",
        help="how training jobs run: in containers of their image, or as plain processes of this Python [auto]",
    )
    parser.add_argument("--slots", type=int, metavar="N", help="jobs that run at once, others wait [no limit]")


def run(args: argparse.Namespace) -> int:
    from harness.emulator.registry import missing_programs
    from harness.emulator.server import Emulator
    from harness.emulator.settings import Settings
    from harness.errors import UsageError
    from harness.tuner.interruption import Interruption

    if args.slots is not None and args.slots < 1:
        raise UsageError(f"--slots {args.slots}: at least 1 is needed")
    settings = Settings(slots=args.slots)
    with (
        Interruption() as interrupted,
        Emulator(args.executor, port=args.port, folder=args.data, settings=settings) as aws,
    ):
        print(f"# AWS, emulated at {aws.endpoint}; training jobs run by: {aws.executor}")
        if missing := missing_programs():
            print(f"# images cannot be pushed: {', '.join(missing)} not installed (docker-registry, apache2-utils)")
        for name, value in aws.environment.items():
            print(f"export {name}={value}")
        print("# Ctrl-C ends it, its jobs, and all that it stores", flush=True)
        while interrupted() is None:
            time.sleep(0.2)
    return 0
