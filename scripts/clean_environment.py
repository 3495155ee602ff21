"""Whether an environment without extras runs what needs none, and says of everything else what to install.

    python3 -m venv FOLDER && FOLDER/bin/pip install . && FOLDER/bin/python scripts/clean_environment.py

An experiment is asked for with each scheduler and each searcher of the tables, by the Python that runs this script. It
must end well where the table names no extra or its packages are there; otherwise it must end with exit code 3 and an
error of one line that names the extra. Prints a line for each; exit code 1 if any differs.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.cli.prepare import EXTRA_MODULES
from harness.plugins import BACKENDS, SCHEDULERS, SEARCHERS, searcher_of

TRAIN = """
import argparse
from harness.reporter import Reporter

parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
parser.add_argument("--epochs", type=int)
given, _ = parser.parse_known_args()
report = Reporter()
for epoch in range(1, given.epochs + 1):
    loss = (given.x - 0.3) ** 2 + 1 / epoch
    report(epoch=epoch, loss=loss, seconds=float(epoch), cost=float(epoch), excess=given.x - 0.9)
"""
OWN = ["--benchmark_name", "script", "--entry_point", "train.py", "--config_space", "space.yaml", "--metric", "loss"]
OWN += ["--resource_attr", "epoch", "--max_resource_attr", "epochs", "--max_resource_level", "3"]
OWN += [
    "--elapsed_time_attr",
    "seconds",
    "--cost_attr",
    "cost",
    "--constraint_attr",
    "excess",
    "--num_trials",
    "2",
    "--num_workers",
    "2",
]
TABLE = ["--benchmark_name", "mlp_fashionmnist", "--backend", "simulated", "--num_trials", "2"]


def cases() -> Iterator[tuple[str, list[str], set[str]]]:
    """What is tried, the words that ask for it, the extras that it needs."""
    for name, plugin in SCHEDULERS.items():
        yield name, [*OWN, "--scheduler", name], {plugin.extra}
    for name, plugin in SEARCHERS.items():
        scheduler = min(plugin.pairs_with, default="fifo")
        extras = {SCHEDULERS[scheduler].extra, searcher_of(SCHEDULERS[scheduler], name).extra}
        yield f"{scheduler} + {name}", [*OWN, "--scheduler", scheduler, "--searcher", name], extras
    yield "simulated", TABLE, {BACKENDS["simulated"].extra}


def missing(extras: set[str]) -> set[str]:
    packages = {extra: EXTRA_MODULES[extra] for extra in extras if extra}
    return {extra for extra, modules in packages.items() if not all(map(importlib.util.find_spec, modules))}


def fault(words: list[str], lacking: set[str], folder: Path) -> str:
    """What differs from what must be; empty where nothing does."""
    environment = {**os.environ, "SYNETUNE_FOLDER": str(folder / "results")}
    command = [sys.executable, "-m", "harness", "launch", "--local_tuner", "--runtime", "process", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    if "Traceback" in done.stdout + done.stderr:
        return "a traceback:\n" + done.stdout + done.stderr
    if not lacking:
        return "" if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr}"
    if done.returncode != 3 or len(errors) != 1 or not all(extra in errors[0] for extra in lacking):
        return f"exit code {done.returncode}, {len(errors)} errors: {done.stderr}"
    return ""


def main() -> int:
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text(TRAIN)
        (folder / "space.yaml").write_text("x: {type: uniform, lower: 0.0, upper: 1.0}\n")
        for what, words, extras in cases():
            lacking = missing(extras)
            found = fault(words, lacking, folder)
            expected = f"exit code 3 for want of {', '.join(sorted(lacking))}" if lacking else "runs"
            print(f"{what:48} {expected if not found else 'FAULT: ' + found}", flush=True)
            faults += bool(found)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
