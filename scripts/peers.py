"""Other libraries' methods beside ours, on recorded tables: docs/results/peers.md.

    OMP_NUM_THREADS=1 .venv/bin/python scripts/peers.py [--vars "tables=FOLDER"] [--jobs 2] [--report-only]

Runs what the sweep of experiments/peers.yaml still lacks, and writes the page from what has ended.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from harness.cli.selection import select
from harness.plugins import METHODS, SCHEDULERS, SEARCHERS
from harness.report.pairs import pairings
from harness.report.stats import Comparison, compare
from harness.report.study import Board, Study, median_losses, study
from harness.report.words import verdict

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = "experiments/peers.yaml"
PAGE = ROOT / "docs" / "results" / "peers.md"
LIBRARIES = ("botorch", "cmaes", "nevergrad", "optuna", "ray", "scikit-optimize", "smac", "syne-tune", "xgboost")
OTHERS = ("numpy", "scipy", "torch", "scikit-learn")
HEAD = """# Other libraries' methods beside ours

    OMP_NUM_THREADS=1 .venv/bin/python scripts/peers.py

runs `experiments/peers.yaml` and writes this page; `make report EXP=experiments/peers.yaml` shows the same results with
curves. Names are those of `harness list`; what each does is in [searchers.md](../searchers.md#other-libraries) and
[schedulers.md](../schedulers.md#those-of-ray-tune-and-syne-tune).

**Protocol.** 4 workers in virtual time, in which a suggestion takes none; about 4 mean full trainings on each worker.
All libraries have their defaults. Runs of one run id start with the same 6 configurations, whatever the method. The
value is the best of all reports until the end. A configuration is played by the nearest row of the table. `lcb_blood`
is of LCBench (Apache-2.0, see benchmarks/table/tables/README.md), `mlp_fashionmnist` recorded by this project.

**Beside.** Each peer is compared run by run with the one of our methods that does the same kind of thing: models
without early stopping with BO, ASHA with ASHA, models under ASHA with MOBSTER. The difference is ours - peer in loss,
positive where the peer is better, with a 95 % bootstrap interval. p is of Wilcoxon's signed rank test, without
correction: the least that 5 pairs can give is 0.06, so that single comparisons of so few runs establish nothing.
"""


def ours(method: str) -> bool:
    scheduler, searcher = (table[name] for table, name in zip((SCHEDULERS, SEARCHERS), METHODS[method], strict=True))
    return "external" not in searcher.capabilities and scheduler.extra == ""


def counterpart(method: str) -> str:
    """The method of ours that a peer is compared with."""
    scheduler, searcher = METHODS[method]
    if "multi_fidelity" not in SCHEDULERS[scheduler].capabilities:
        return "BO"
    return "ASHA" if searcher == "random" else "MOBSTER"


def comparison(board: Board, method: str) -> Comparison | None:
    """A peer with its counterpart; None where they have no run in common."""
    runs = board.paired(method, counterpart(method))
    one, other = (np.array([pair[side].trace.final for pair in runs]) for side in (0, 1))
    return compare(board.name, method, counterpart(method), one, other) if runs else None


def sentences(board: Board) -> Iterator[str]:
    """What the medians say, whoever it favours."""
    medians = median_losses(board)
    own = {method: loss for method, loss in medians.items() if ours(method)}
    best = min(own, key=own.__getitem__)
    ahead = [name for name in sorted(medians, key=medians.__getitem__) if medians[name] < own[best]]
    level = [name for name in medians if name not in own and medians[name] == own[best]]
    value = f"{board.value(own[best]):.4g}"
    yield f"Best median of ours: {best}, {value} ({board.metric}, {board.mode})."
    yield f"**Peers with a better median than that: {', '.join(ahead)}.**" if ahead else "No peer's median is better."
    if level:
        yield f"As good: {', '.join(level)}."
    won = [name for name in medians if name not in own and (found := comparison(board, name)) and found.difference > 0]
    yield f"Peers that are better than their counterpart in the median run: {', '.join(won) or 'none'}."


def rows(board: Board) -> Iterator[str]:
    yield "| method | | runs | trials | median [quartiles] | beside | better / equal / worse | difference [95 %] | p |"
    yield "|---|---|---|---|---|---|---|---|---|"
    medians = median_losses(board)
    for method in sorted(medians, key=medians.__getitem__):
        low, middle, high = np.quantile(board.value(board.finals(method)), [0.25, 0.5, 0.75])
        runs = board.runs[method].values()
        trials = np.median([run.experiment.status.get("num_trials", 0) for run in runs])
        cells = [method, "ours" if ours(method) else "peer", str(len(runs)), f"{trials:.0f}"]
        cells.append(f"{middle:.4g} [{low:.4g}, {high:.4g}]")
        found = None if ours(method) else comparison(board, method)
        if found:
            cells += [found.second, f"{found.wins} / {found.ties} / {found.losses}"]
            interval = "" if np.isnan(found.low) else f" [{found.low:.3g}, {found.high:.3g}]"
            cells += [f"{found.difference:.3g}{interval}", f"{found.p_value:.2g}"]
        yield f"| {' | '.join([*cells, *[''] * (9 - len(cells))])} |"


def page(found: Study) -> str:
    answer = verdict(found, pairings(found))
    versions = [f"{name} {importlib.metadata.version(name)}" for name in (*LIBRARIES, *OTHERS)]
    code = sorted({str(run.experiment.metadata.get("git_hash", "?"))[:10] for run in found.runs})
    lines = [
        HEAD,
        f"**Versions.** Ours at {', '.join(code)}; {', '.join(versions)}; Python {sys.version.split()[0]}.\n",
        f"**Ended.** {len(found.runs)} of {found.planned} experiments.\n",
        "**Over all pairs of methods, with Holm's correction** (the sentence of `harness report`). "
        + " ".join([answer.headline, *answer.details[:1]]),
    ]
    for board in found.boards:
        lines += [f"\n## {board.name}\n", " ".join(sentences(board)), "", *rows(board)]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vars", default="", help="variables of the manifest")
    parser.add_argument("--jobs", default="2", help="experiments that run at once [2]")
    parser.add_argument("--output", type=Path, default=PAGE, help="page to write")
    parser.add_argument("--report-only", action="store_true", help="write the page from what is there")
    args = parser.parse_args(argv)
    code = 0
    if not args.report_only:
        words = ["sweep", MANIFEST, "--vars", args.vars, "--runtime", "process", "--jobs", args.jobs]
        code = subprocess.run([sys.executable, "-m", "harness", *words], cwd=ROOT).returncode
    selection = select(argparse.Namespace(what=[str(ROOT / MANIFEST)], vars=args.vars, where=None))
    args.output.write_text(page(study(selection.experiments, selection.broken, selection.planned)))
    print(f"page: {args.output}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
