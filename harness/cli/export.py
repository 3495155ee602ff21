"""`harness export WHAT --to TOOL --target PLACE`: experiments in another tool's storage."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Sequence
from importlib import import_module

from harness.cli.needs import need_packages
from harness.cli.selection import register_selection, select, warn_of
from harness.cli.values import nonempty
from harness.errors import EnvironmentFault, UsageError
from harness.plan.show import experiments
from harness.results.load import Broken
from harness.results.rows import UnreadableResults

# Tool -> (its package, what --target is).
TOOLS = {
    "optuna": ("optuna", "URL of a storage (sqlite:///FILE) or a journal file"),
    "mlflow": ("mlflow", "tracking URI (sqlite:///FILE or http://HOST:5000)"),
    "tensorboard": ("tensorboard", "folder of logs"),
}


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_selection(parser)
    parser.add_argument("--to", choices=tuple(TOOLS), required=True, help="whose format")
    targets = "; ".join(f"{tool}: {target}" for tool, (_, target) in TOOLS.items())
    parser.add_argument("--target", type=nonempty, required=True, metavar="PLACE", help=targets)


def run(args: argparse.Namespace) -> int:
    need_packages("harness export", ["pyarrow"])
    package, _ = TOOLS[args.to]
    if importlib.util.find_spec(package) is None:
        raise EnvironmentFault(f"{package} is not installed here", hint=f"pip install {package}")
    export = import_module(f"harness.results.export.to_{args.to}").export
    selection = select(args)
    broken = list(selection.broken)
    written = 0
    for experiment in selection.experiments:
        try:
            export(experiment, args.target)
            written += 1
        except UnreadableResults as error:
            broken.append(Broken(experiment.name, str(error)))
        except (ValueError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"--target {args.target}: cannot write {experiment.name}: {reason}") from None
    warn_of(broken)
    print(f"{experiments(written)} written to {args.target}")
    return 1 if broken and args.strict else 0
