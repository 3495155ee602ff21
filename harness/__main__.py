"""`python -m harness COMMAND`, also installed as `harness`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from harness.errors import HarnessError

# Name -> (module in harness.cli, one line). A module has `register(parser, argv)` and `run(args) -> exit code`.
COMMANDS = {
    "plan": ("plan", "show what a manifest expands into; creates nothing"),
    "sweep": ("sweep", "run what a manifest's sweep still lacks"),
    "status": ("status", "how a manifest's sweep stands"),
    "launch": ("launch", "the same from one command line (scripts/launch_hpo.py)"),
    "list": ("list", "benchmarks, schedulers, searchers, back-ends, runtimes"),
    "image": ("image", "build or describe the image that jobs run in"),
    "run-job": ("run_job", "run the experiment of one job folder (what every runtime calls)"),
}


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Only the chosen command's module is loaded: `--help` must not pay for what other commands import."""
    parser = argparse.ArgumentParser(
        prog="harness", description="Benchmark harness for hyper-parameter optimisation.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name in argv[:1]:
            import_module(f"harness.cli.{module}").register(command, argv[1:])
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code. Errors raised on purpose are printed without a traceback."""
    argv = list(sys.argv[1:] if argv is None else argv)
    args = _parser(argv).parse_args(argv, argparse.Namespace(given={}))
    try:
        code: int = import_module(f"harness.cli.{COMMANDS[args.command][0]}").run(args)
        sys.stdout.flush()
        return code
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output has left (`| head`); a second complaint at exit would only confuse.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
