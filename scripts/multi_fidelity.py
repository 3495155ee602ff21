"""Our multi-fidelity methods on real learning curves, beside those of syne-tune 0.13: docs/results/multi_fidelity.md.

    .venv/bin/python scripts/multi_fidelity.py --data FOLDER --work FOLDER [--runs 20] [--tables lcb_blood ...]

FOLDER of --data holds the collections lcbench, taskset_imdb, opda_alexnet_imagenet (harness table import collection).
Every experiment is a job as any other, run in this process; those that are finished in --work are not run again.
lcb_fashion needs onnxruntime (extra `importers`): as in the reference, its surrogate is asked at each configuration.
"""

from __future__ import annotations

import argparse
import csv
import io
import statistics
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from harness.backends import simulated
from harness.blackbox.importing import import_tables
from harness.blackbox.importing.lcbench_surrogate import EPOCHS, ORDER, Net
from harness.blackbox.opening import open_blackbox
from harness.blackbox.tables import Blackbox, Curve
from harness.core.space import Config
from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.manifest.yaml import parse_mapping
from harness.plan.build import build
from harness.plan.job import write_job
from harness.results.status import read_status
from harness.tuner.run_job import run_job

DOCS = Path(__file__).resolve().parents[1] / "docs" / "results"
REFERENCE, PAGE = DOCS / "multi_fidelity_reference.yaml", DOCS / "multi_fidelity.md"
METHODS = {
    "RS": {"scheduler": "fifo", "searcher": "random"},
    "ASHA-stop": {"scheduler": "hyperband_stopping", "searcher": "random"},
    "ASHA-prom": {"scheduler": "hyperband_promotion", "searcher": "random"},
    "Hyperband-sync": {"scheduler": "hyperband_synchronous", "searcher": "random"},
    "BOHB": {"scheduler": "hyperband_stopping", "searcher": "kde"},
}
# With the levels given, the share r/R goes on at the highest rung, as in syne-tune, and not 1/eta.
GIVEN_RUNGS = ("hyperband_stopping", "hyperband_promotion")
WORKERS = 4


@dataclass(frozen=True)
class Task:
    """A table of the comparison. `budget`: seconds, 12 times the mean full training, so that 4 workers do 48."""

    collection: str
    table: str
    metric: str
    mode: str
    budget: float

    def best(self, values: Sequence[float]) -> float:
        finite = [value for value in values if value == value]
        return (max if self.mode == "max" else min)(finite, default=float("nan"))


def _taskset(table: str) -> Task:
    return Task("taskset_imdb", f"taskset_{table}", "valid_loss", "min", 600.0)


TASKS = {
    "alexnet": Task("opda_alexnet_imagenet", "alexnet", "top_1", "max", 161410.0),
    "lcb_fashion": Task("lcbench", "lcb_fashion", "val_accuracy", "max", 8423.5),
    "lcb_blood": Task("lcbench", "lcb_blood-transfusion-service-center", "val_accuracy", "max", 878.6),
    "ts_GRU128": _taskset("patch32_GRU128_bs128"),
    "ts_LSTM128_avg": _taskset("patch128_LSTM128_avg_bs64"),
    "ts_LSTM128_embed128": _taskset("patch128_LSTM128_embed128_bs64"),
    "ts_IRNN64_relu_avg": _taskset("patch32_IRNN64_relu_avg_bs128"),
    "ts_LSTM128_E128": _taskset("patch32_LSTM128_E128_bs128"),
    "ts_VRNN64_tanh_avg": _taskset("patch32_VRNN64_tanh_avg_bs128"),
}


class Fashion:
    """Blackbox of lcb_fashion: not the rows of its table, but the net that they come from."""

    def __init__(self, source: Path) -> None:
        self._net = Net(source)

    def play(self, config: Config, draw: Callable[[int], int]) -> Curve:
        seconds, accuracy = (part[0].tolist() for part in self._net(np.array([[config[name] for name in ORDER]])))
        levels = range(1, EPOCHS + 1)
        return Curve(levels, seconds, ("epoch", "elapsed_time", "val_accuracy"), [levels, seconds, accuracy])


@dataclass(frozen=True)
class Run:
    """Best values at 1/4, 1/2 and all of the budget, number of trials, and of those that reached each level."""

    best: tuple[float, float, float]
    trials: int
    reached: tuple[int, ...]


def experiment(
    task: Task, levels: Sequence[int], table: Path, played: Blackbox | None, method: str, run_id: int, folder: Path
) -> None:
    """Run it unless it is finished. Its seed is its run id.

    Args:
        levels: of the rungs and, last, of a whole training.
        played: what stands for the trials instead of the table.
    """
    if read_status(JobDir(folder)).get("state") == "completed":
        return
    settings: dict[str, Any] = {
        "benchmark_name": "table",
        "table": str(table),
        "metric": task.metric,
        "backend": "simulated",
        "scheduler_timeout": task.budget,
        "num_workers": WORKERS,
        "run_id": run_id,
        **METHODS[method],
    }
    if METHODS[method]["scheduler"] in GIVEN_RUNGS:
        settings["rung_levels"] = " ".join(map(str, levels[:-1]))
    (job,) = build(Raw(settings), 0).jobs()
    folder.mkdir(parents=True, exist_ok=True)
    write_job(JobDir(folder), job)
    with patch.object(simulated, "open_blackbox", lambda ref: played or open_blackbox(ref)):
        code = run_job(folder, {"table": table.parent})
    if code != 0:
        raise SystemExit(f"{folder}: {read_status(JobDir(folder))['reason']}")


def read_run(task: Task, levels: Sequence[int], folder: Path) -> Run:
    with zipfile.ZipFile(JobDir(folder).results) as archive:
        rows = [row for row in csv.DictReader(io.StringIO(archive.read("results.csv").decode())) if row["epoch"]]
    reached: dict[str, int] = {}
    for row in rows:
        reached[row["trial_id"]] = max(reached.get(row["trial_id"], 0), int(row["epoch"]))
    best = [
        task.best([float(row[task.metric]) for row in rows if float(row["st_tuner_time"]) <= share * task.budget])
        for share in (0.25, 0.5, 1.0)
    ]
    counts = tuple(sum(level <= top for top in reached.values()) for level in levels)
    return Run((best[0], best[1], best[2]), len(reached), counts)


def _middle(values: Sequence[float], digits: int) -> str:
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{median:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _theirs(values: Sequence[float], digits: int) -> str:
    spread = f" [{values[1]:.{digits}f}, {values[2]:.{digits}f}]" if len(values) == 3 else ""
    return f"{values[0]:.{digits}f}{spread}"


def _verdict(median: float, theirs: Sequence[float], mode: str, digits: int) -> str:
    """Where our median at the full budget lies, as rounded: within the other's quartiles, or on which side of them."""
    median = round(median, digits)
    if len(theirs) < 3 or theirs[1] <= median <= theirs[2]:
        return "within" if len(theirs) == 3 else "-"
    return "better" if (median > theirs[2]) == (mode == "max") else "worse"


def section(name: str, runs: dict[str, list[Run]], reference: dict[str, Any]) -> Iterator[str]:
    """The tables of one task, in Markdown."""
    task, digits = TASKS[name], 2 if name.startswith("lcb") else 4
    levels = reference["levels"]
    yield f"\n## {name} ({task.mode})\n"
    yield f"| method | | seeds | 1/4 | 1/2 | full | trials | reached {'/'.join(map(str, levels))} | full: our median |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for method, ours in runs.items():
        values = [_middle([run.best[part] for run in ours], digits) for part in range(3)]
        trials = f"{statistics.median(run.trials for run in ours):.0f}"
        reached = "/".join(f"{statistics.median(run.reached[i] for run in ours):.0f}" for i in range(len(levels)))
        theirs = reference["methods"].get(method)
        median = float(np.median([run.best[2] for run in ours]))
        verdict = _verdict(median, theirs["full"], task.mode, digits) if theirs else "-"
        yield f"| {method} | ours | {len(ours)} | {' | '.join(values)} | {trials} | {reached} | {verdict} |"
        if theirs:
            others = " | ".join(_theirs(theirs[part], digits) for part in ("quarter", "half", "full"))
            counts = "/".join(map(str, theirs.get("reached", [])))
            yield f"| | syne-tune | {theirs['seeds']} | {others} | {theirs['trials']} | {counts} | |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the collections")
    parser.add_argument("--work", type=Path, required=True, help="folder of tables and experiments")
    parser.add_argument("--runs", type=int, default=20, help="run ids")
    parser.add_argument("--tables", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    args = parser.parse_args()
    reference, _ = parse_mapping(REFERENCE.read_text(), str(REFERENCE))
    text = PAGE.read_text().split("\n## ")[0].rstrip()
    for name in args.tables:
        task, levels = TASKS[name], reference[name]["levels"]
        table = args.work / "tables" / f"{task.table}.parquet"
        if not table.is_file():
            only = (lambda wanted: lambda found: found == wanted)(task.table)
            list(import_tables("collection", args.data / task.collection, table.parent, only))
        played = Fashion(args.data / task.collection) if name == "lcb_fashion" else None
        runs: dict[str, list[Run]] = {}
        for method in args.methods:
            folders = [args.work / name / method / str(run_id) for run_id in range(args.runs)]
            for run_id, folder in enumerate(folders):
                experiment(task, levels, table, played, method, run_id, folder)
            runs[method] = [read_run(task, levels, folder) for folder in folders]
            print(f"{name} {method}: {len(folders)} runs", file=sys.stderr)
        text += "\n" + "\n".join(section(name, runs, reference[name]))
    PAGE.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
