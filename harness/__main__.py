# PYTHON_ARGCOMPLETE_OK
"""`python -m harness COMMAND`, also installed as `harness`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from harness.errors import EnvironmentFault, HarnessError

# Name -> (module in harness.cli, one line). A module has `register(parser, argv)` and `run(args) -> exit code`.
COMMANDS = {
    "plan": ("plan", "show what a manifest expands into; creates nothing"),
    "sweep": ("sweep", "run what a manifest's sweep still lacks"),
    "remote": ("remote", "launch on SageMaker what a manifest's sweep still lacks, and return"),
    "status": ("status", "how a manifest's sweep stands"),
    "logs": ("logs", "what experiments on SageMaker print"),
    "stop": ("stop", "end experiments on SageMaker"),
    "collect": ("collect", "bring home the results of experiments on SageMaker"),
    "results": ("results", "experiments as one tidy table: CSV or Parquet"),
    "report": ("report", "one HTML page: which method is better, how sure that is, and all that led to it"),
    "diff": ("diff", "what differs between two experiments: settings, seeds, code, image, results"),
    "reproduce": ("reproduce", "run one experiment again from its record alone, and compare"),
    "export": ("export", "experiments to Optuna, MLflow or TensorBoard"),
    "launch": ("launch", "run experiments from one command line (scripts/launch_hpo.py)"),
    "record": ("record", "turn the trials of a sweep into a table"),
    "table": ("table", "look into a table of trainings, or import published ones"),
    "why": ("why", "why a trial was stopped, paused or promoted"),
    "resume": ("resume", "go on with one experiment that was cut short"),
    "init": ("init", "make a folder with a benchmark of your own to start from"),
    "list": ("list", "benchmarks, schedulers, searchers, back-ends, runtimes, methods"),
    "doctor": ("doctor", "what this machine has of what jobs need, and the remedy for what it lacks"),
    "smoke": ("smoke", "try a manifest out: one trial of each method and benchmark, briefly, before it runs for hours"),
    "setup": ("setup", "make this machine ready: packages for plain processes, or the image"),
    "bench": ("bench", "speed and quality side by side with other optimisers"),
    "reference": ("reference", "write the page of all arguments and the JSON Schema of manifests"),
    "emulate-aws": ("emulate_aws", "AWS on this machine, to try remote launches without an account"),
    "image": ("image", "build or describe the image that jobs run in"),
    "run-job": ("run_job", "run the experiment of one job folder (what every runtime calls)"),
}


def _overview() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="harness", description="Benchmark harness for hyper-parameter optimisation.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary)
    return parser


def _run(argv: Sequence[str]) -> int:
    """Only the chosen command's module is loaded: nobody pays for what other commands import."""
    if "_ARGCOMPLETE" in os.environ:
        _complete(argv)
    if not argv or argv[0] not in COMMANDS:
        _overview().parse_args(argv)
    from harness.cli.parser import CommandParser

    module, summary = COMMANDS[argv[0]]
    command = import_module(f"harness.cli.{module}")
    parser = CommandParser(prog=f"harness {argv[0]}", description=summary, allow_abbrev=False)
    command.register(parser, argv[1:])
    code: int = command.run(parser.parse_args(argv[1:]))
    return code


def _complete(argv: Sequence[str]) -> None:
    """Answer a shell's request for completions (argcomplete), and end."""
    import argcomplete

    words = os.environ.get("COMP_LINE", "").split()
    launching = argv[:1] == ["launch"] and "launch" not in words[:2]  # scripts/launch_hpo.py names no command
    if launching:
        parser = argparse.ArgumentParser()
        import_module("harness.cli.launch").register(parser, words[1:])
    else:
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers()
        for name, (module, _) in COMMANDS.items():
            import_module(f"harness.cli.{module}").register(commands.add_parser(name), words[2:])
    argcomplete.autocomplete(parser)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code. Errors raised on purpose are printed without a traceback."""
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:  # closed by the caller (`>&-`)
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our output has left (`| head`); a second complaint at exit would only confuse.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        # A full disk or a missing permission can meet any write; state files are safe, they are moved into place.
        print(f"error: {error}", file=sys.stderr)
        return EnvironmentFault.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
