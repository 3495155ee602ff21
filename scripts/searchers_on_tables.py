"""Our searchers on real tables, paired by run id: docs/results/searchers_on_tables.md.

    .venv/bin/python scripts/searchers_on_tables.py --data FOLDER --work FOLDER [--runs 30] [--jobs 2] [--tables ...]

FOLDER of --data holds the collections (harness table import collection). Every experiment is a job as any other, with
its run id as its seed; those that are finished in --work are not run again. The page is written from what is there,
also after an interruption (--report-only).
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import yaml

from harness.blackbox.description import read_description
from harness.blackbox.importing import import_tables
from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.report.stats import Comparison, adjust, compare
from harness.results.status import read_status
from harness.tuner.run_job import run_job

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results"
PAGE, REFERENCE = RESULTS / "searchers_on_tables.md", RESULTS / "multi_fidelity_reference.yaml"
WORKERS = 4
SHARES = {"1/4": 0.25, "1/2": 0.5, "full": 1.0}
FIFO, ASHA = {"scheduler": "fifo"}, {"scheduler": "hyperband_stopping"}
METHODS: dict[str, dict[str, Any]] = {
    "RS": {**FIFO, "searcher": "random"},
    "BO": {**FIFO, "searcher": "bayesopt"},
    "ASHA": {**ASHA, "searcher": "random"},
    "MOBSTER": {**ASHA, "searcher": "bayesopt"},
    "MOBSTER-all": {**ASHA, "searcher": "bayesopt", "searcher_data": "all"},
    "MOBSTER-issm": {**ASHA, "searcher": "bayesopt", "searcher_model": "gp_issm"},
    "MOBSTER-expdecay": {**ASHA, "searcher": "bayesopt", "searcher_model": "gp_expdecay"},
    "BOHB": {**ASHA, "searcher": "kde"},
}
# What is claimed of a pair: the first is better.
PAIRS = [("BO", "RS"), ("ASHA", "RS"), ("MOBSTER", "ASHA")]
PAIRS += [(method, "MOBSTER") for method in METHODS if method.startswith("MOBSTER-")] + [("BOHB", "ASHA")]


@dataclass(frozen=True)
class Task:
    """`metric` None: the first of the table. `budget` None: 12 mean trainings, so that 4 workers do 48."""

    collection: str
    table: str
    curves: bool
    metric: str | None = None
    budget: float | None = None


def _taskset(table: str) -> Task:
    return Task("taskset_imdb", f"taskset_{table}", True, "valid_loss", 600.0)


TASKS = {
    "fcnet_naval": Task("fcnet", "fcnet_final_naval_propulsion", False),
    "fcnet_parkinsons": Task("fcnet", "fcnet_final_parkinsons_telemonitoring", False),
    "fcnet_protein": Task("fcnet", "fcnet_final_protein_structure", False),
    "nasbench201_cifar10": Task("nasbench201", "nasbench201_final_cifar10", False),
    "nasbench201_cifar100": Task("nasbench201", "nasbench201_final_cifar100", False),
    "mlp_australian": Task("hpobench_mlp", "hpobench_mlp_final_australian", False),
    "mlp_blood": Task("hpobench_mlp", "hpobench_mlp_final_blood_transfusion", False),
    "mlp_car": Task("hpobench_mlp", "hpobench_mlp_final_car", False),
    "mlp_credit": Task("hpobench_mlp", "hpobench_mlp_final_credit_g", False),
    "alexnet": Task("opda_alexnet_imagenet", "alexnet", True, "top_1", 161410.0),
    "lcb_blood": Task("lcbench", "lcb_blood-transfusion-service-center", True, "val_accuracy", 878.6),
    "lcb_fashion": Task("lcbench", "lcb_fashion", True, "val_accuracy", 8423.5),
    "ts_GRU128": _taskset("patch32_GRU128_bs128"),
    "ts_LSTM128_avg": _taskset("patch128_LSTM128_avg_bs64"),
    "ts_LSTM128_embed128": _taskset("patch128_LSTM128_embed128_bs64"),
    "ts_IRNN64_relu_avg": _taskset("patch32_IRNN64_relu_avg_bs128"),
    "ts_LSTM128_E128": _taskset("patch32_LSTM128_E128_bs128"),
    "ts_VRNN64_tanh_avg": _taskset("patch32_VRNN64_tanh_avg_bs128"),
}


@dataclass(frozen=True)
class Prepared:
    """A task with its table at hand. `sign` turns the metric into a loss."""

    name: str
    table: Path
    metric: str
    sign: float
    budget: float
    curves: bool


def prepare(name: str, data: Path, work: Path) -> Prepared:
    """Imports the table unless it is there."""
    task = TASKS[name]
    table = work / "tables" / f"{task.table}.parquet"
    if not table.is_file():
        list(import_tables("collection", data / task.collection, table.parent, lambda found: found == task.table))
    description = read_description(table)
    metric = task.metric or next(iter(description.metrics))
    budget = task.budget
    if budget is None:
        seconds = pyarrow.parquet.read_table(table, columns=[description.elapsed_time]).column(0)
        budget = 12.0 * float(np.mean(seconds.to_numpy()))
    sign = -1.0 if description.metrics[metric] == "max" else 1.0
    return Prepared(name, table, metric, sign, budget, task.curves)


def experiment(task: Prepared, method: str, run_id: int, folder: Path) -> str:
    """Run it unless it is finished; what to say of it."""
    if read_status(JobDir(folder)).get("state") == "completed":
        return ""
    settings: dict[str, Any] = {
        "benchmark_name": "table",
        "table": str(task.table),
        "metric": task.metric,
        "backend": "simulated",
        "scheduler_timeout": task.budget,
        "num_workers": WORKERS,
        "run_id": run_id,
        "no_tuner_logging": True,
        **METHODS[method],
    }
    (job,) = build(Raw(settings), 0).jobs()
    folder.mkdir(parents=True, exist_ok=True)
    write_job(JobDir(folder), job)
    if run_job(folder, {"table": task.table.parent}) != 0:
        return f"{folder}: {read_status(JobDir(folder)).get('reason')}"
    return f"{task.name} {method} {run_id}"


def losses_of(task: Prepared, folder: Path) -> list[float]:
    """The least loss reported within each share of the budget; the worst finite one of all before any report."""
    with zipfile.ZipFile(JobDir(folder).results) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("results.csv").decode())))
    told = [(float(row["st_tuner_time"]), task.sign * float(row[task.metric] or "nan")) for row in rows]
    finite = [(at, loss) for at, loss in told if np.isfinite(loss)]
    worst = max(loss for _, loss in finite)
    return [min((loss for at, loss in finite if at <= share * task.budget), default=worst) for share in SHARES.values()]


def read_task(task: Prepared, work: Path, runs: int) -> dict[str, dict[int, list[float]]]:
    """Losses by method and run id, of what is finished."""
    found: dict[str, dict[int, list[float]]] = {}
    for method in METHODS:
        folders = {run_id: work / task.name / method / str(run_id) for run_id in range(runs)}
        ended = {i: one for i, one in folders.items() if read_status(JobDir(one)).get("state") == "completed"}
        if ended:
            found[method] = {run_id: losses_of(task, folder) for run_id, folder in ended.items()}
    return found


def comparisons(task: Prepared, losses: dict[str, dict[int, list[float]]]) -> Iterator[tuple[str, Comparison]]:
    """(share of the budget, comparison) for all pairs that have run ids in common."""
    for first, second in PAIRS:
        common = sorted(set(losses.get(first, {})) & set(losses.get(second, {})))
        for index, share in enumerate(SHARES):
            if len(common) > 1:
                one, other = (np.array([losses[name][i][index] for i in common]) for name in (first, second))
                yield share, compare(task.name, first, second, one, other)


def medians(task: Prepared, losses: dict[str, dict[int, list[float]]]) -> Iterator[str]:
    """A row for each method: median [quartiles] of the metric itself; then those of other tools."""
    for method, runs in losses.items():
        values = task.sign * np.array(list(runs.values()))
        quartiles = np.quantile(values, [0.5, 0.25, 0.75], axis=0).T
        yield f"| {task.name} | {method} | {len(runs)} | {' | '.join(map(cell, quartiles))} |"
    known = yaml.safe_load(REFERENCE.read_text()).get(task.name, {})
    bohb = {name: figures for name, figures in known.get("methods", {}).items() if name == "BOHB"}
    for name, figures in {**known.get("peers", {}), **bohb}.items():
        cells = [cell(figures.get(share, ())) for share in ("quarter", "half", "full")]
        yield f"| {task.name} | *{name}* | {figures['seeds']} | {' | '.join(cells)} |"


def cell(quartiles: Sequence[float]) -> str:
    """Median [lower, upper quartile], of which all but the median may be missing."""
    texts = [f"{value:.4g}" for value in quartiles]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]" if len(texts) == 3 else "".join(texts) or "-"


def summary(found: Sequence[tuple[str, Comparison]]) -> Iterator[str]:
    """What the table of pairs comes to, for each pair of methods and share of the budget."""
    for first, second in PAIRS:
        for share in SHARES:
            ones = [one for at, one in found if at == share and (one.first, one.second) == (first, second)]
            if not ones:
                continue
            ahead = [one.benchmark for one in ones if one.wins > one.losses]
            behind = [one.benchmark for one in ones if one.wins < one.losses]
            settled = [one for one in ones if one.decided]
            worse = [one.benchmark for one in settled if one.wins < one.losses]
            yield (
                f"- {first} against {second}, {share}: ahead in more runs on {len(ahead)} of {len(ones)} tables, "
                f"established on {len(settled) - len(worse)}; behind on {len(behind)}"
                f"{' (' + ', '.join(behind) + ')' if behind else ''}, established on {len(worse)}"
                f"{' (**' + ', '.join(worse) + '**)' if worse else ''}"
            )


def page(tasks: Sequence[Prepared], work: Path, runs: int) -> str:
    losses = {task.name: read_task(task, work, runs) for task in tasks}
    shares, compared = zip(
        *((share, one) for task in tasks for share, one in comparisons(task, losses[task.name])), strict=True
    )
    found = list(zip(shares, adjust(compared), strict=True))
    lines = [HEAD, *summary(found), PAIRS_HEAD]
    for share, one in found:
        verdict = "not decided"
        if one.decided:
            verdict = f"{one.first} better" if one.wins > one.losses else f"**{one.first} worse**"
        lines.append(
            f"| {one.benchmark} | {one.first} against {one.second} | {share} | {one.pairs} | "
            f"{one.wins} / {one.ties} / {one.losses} | {one.difference:.3g} [{one.low:.3g}, {one.high:.3g}] | "
            f"{one.p_value:.2g} | {verdict} |"
        )
    lines += [
        "\n## Medians [quartiles]\n",
        "Names in italics: other tools under the same protocol, as `multi_fidelity_reference.yaml` has them.\n",
        f"| table | method | runs | {' | '.join(SHARES)} |",
        "|---|---|---|---|---|---|",
    ]
    for task in tasks:
        lines += medians(task, losses[task.name])
    return "\n".join(lines) + "\n"


HEAD = """# Our searchers on real tables

Made by `python scripts/searchers_on_tables.py`. Four workers in virtual time; a table's row nearest to a suggestion
stands for it; budgets are 12 mean trainings (48 on four workers), those of curve tables as in `multi_fidelity.md`. The
value is the best one reported by a quarter, a half and all of the budget. RS and BO are `fifo`, ASHA and MOBSTER
`hyperband_stopping`, all other settings defaults. Tables from fcnet to mlp hold final values only.

Runs are paired by run id (equal ids start with equal configurations). A positive difference (second's loss minus
first's, median over pairs, bootstrap interval) means that the first is better; p is that of Wilcoxon's signed rank
test, and the verdict holds after Holm's correction over the whole table at 5 %.
"""

PAIRS_HEAD = """
## Pairs

| table | pair | budget | pairs | better / equal / worse | median difference [95 %] | p | verdict |
|---|---|---|---|---|---|---|---|"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the collections")
    parser.add_argument("--work", type=Path, required=True, help="folder of tables and experiments")
    parser.add_argument("--runs", type=int, default=30, help="run ids")
    parser.add_argument("--jobs", type=int, default=1, help="experiments at once")
    parser.add_argument("--tables", nargs="+", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--methods", nargs="+", default=["RS", "BO", "ASHA", "MOBSTER"], choices=list(METHODS))
    parser.add_argument("--report-only", action="store_true", help="write the page of what is finished")
    args = parser.parse_args()
    if not args.report_only:
        tasks = [prepare(name, args.data, args.work) for name in args.tables]
        todo = [
            (task, method, run_id, args.work / task.name / method / str(run_id))
            for run_id in range(args.runs)
            for task in tasks
            for method in args.methods
            if task.curves or METHODS[method]["scheduler"] == "fifo"
        ]
        with ProcessPoolExecutor(args.jobs, initializer=os.nice, initargs=(19,)) as pool:
            for said in pool.map(experiment, *zip(*todo, strict=True)):
                print(said, file=sys.stderr, flush=True) if said else None
    known = [prepare(name, args.data, args.work) for name in TASKS if (args.work / name).is_dir()]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(known, args.work, args.runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
