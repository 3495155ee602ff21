"""The page's tables: cells as text, so that they read the same with and without a script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.report.activity import Activity
from harness.report.figure import Table, interval, number, seconds_text
from harness.report.pairs import Pairing
from harness.report.ranks import Friedman
from harness.report.stats import ALPHA, Comparison
from harness.report.study import Board, Run, Study, median_losses
from harness.report.words import p_text

EXPERIMENTS_SHOWN = 300


@dataclass(frozen=True)
class Cell:
    """Text, a second line in small print, and whether it is the best of its row."""

    text: str
    small: str = ""
    best: bool = False


@dataclass(frozen=True)
class PairRow:
    benchmark: str
    pair: str
    record: str
    difference: str
    interval: str
    p_value: str
    adjusted: str
    conclusion: str
    decided: bool
    reach: str
    outlook: str


def medians_table(study: Study) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """Column titles, and for each benchmark a cell for each method: median final value, range of the middle half."""
    rows = []
    for board in study.boards:
        medians = median_losses(board)
        best = min(medians.values())
        cells = [_median_cell(board, method, medians, best) for method in study.methods]
        rows.append((f"{board.name}: {board.goal}", cells))
    return ["benchmark", *study.methods], rows


def _median_cell(board: Board, method: str, medians: Mapping[str, float], best: float) -> Cell:
    if method not in medians:
        return Cell("not run")
    finals = board.finals(method)
    known = finals[np.isfinite(finals)]
    if not len(known):
        return Cell("no value", f"{len(finals)} runs")
    low, high = sorted(board.value(np.quantile(known, [0.25, 0.75])))
    count = f"{len(finals)} run{'' if len(finals) == 1 else 's'}"
    small = f"{number(low)} to {number(high)}, {count}" if len(known) > 1 else count
    return Cell(number(board.value(medians[method])), small, medians[method] == best)


def pair_rows(study: Study, pairings: Sequence[Pairing]) -> list[PairRow]:
    """A row for each comparison, in words and numbers of the metric."""
    boards = {board.name: board for board in study.boards}
    return [_pair_row(boards[one.comparison.benchmark], one) for one in pairings]


def _pair_row(board: Board, pairing: Pairing) -> PairRow:
    one, reach = pairing.comparison, pairing.reach
    unit = "higher" if board.mode == "max" else "lower"
    got = f"{reach.reached} of {reach.pairs}"
    speed = f" ({reach.speedup:.2g}× as fast)" if math.isfinite(reach.speedup) and reach.speedup > 0 else ""
    return PairRow(
        benchmark=one.benchmark,
        pair=f"{one.first} – {one.second}",
        record=f"{one.wins} / {one.ties} / {one.losses}",
        difference=f"{number(abs(one.difference), 3)} {unit if one.difference >= 0 else 'worse'}" if one.pairs else "–",
        interval=interval(one.low, one.high),
        p_value=p_text(one.p_value),
        adjusted=p_text(one.adjusted),
        conclusion=_conclusion(one),
        decided=one.decided,
        reach=f"{got}, {seconds_text(reach.seconds)}{speed}" if reach.pairs else "–",
        outlook=_outlook(one),
    )


def _conclusion(one: Comparison) -> str:
    if not one.pairs:
        return "no pair of values"
    return f"{one.first if one.difference >= 0 else one.second} is better" if one.decided else "undecided"


def _outlook(one: Comparison) -> str:
    if one.more_runs == 0:
        return "decided"
    return f"about {one.more_runs} more" if one.more_runs else "not in sight"


def effort_table(study: Study, activities: Mapping[str, Activity]) -> Table:
    """What each method took: medians over its runs, sums of failures and cost."""
    columns = ["method", "runs", "trials per run", "reports per run", "failed trials", "busy workers", "suggestion"]
    rows = []
    runs = {method: [run for run in study.runs if run.method == method] for method in study.methods}
    priced = any(math.isfinite(run.trace.cost) for run in study.runs)
    for method, own in runs.items():
        activity = activities[method]
        busy = f"{activity.busy:.0%}" if math.isfinite(activity.busy) else "–"
        row = [
            method,
            str(len(own)),
            number(float(np.median([run.trace.total["trials"] for run in own])), 3),
            number(float(np.median([run.trace.reports for run in own])), 3),
            str(sum(run.trace.failed for run in own)),
            busy,
            seconds_text(activity.suggest_median),
        ]
        costs = [run.trace.cost for run in own if math.isfinite(run.trace.cost)]
        rows.append([*row, *([f"{sum(costs):.2f}" if costs else "–"] if priced else [])])
    return Table([*columns, *(["cost (USD)"] if priced else [])], rows)


def friedman_words(result: Friedman) -> str:
    """What the tests over benchmarks say, or why they say nothing."""
    if len(result.methods) < 2:
        return "Fewer than two methods ran on all benchmarks: there is nothing to rank."
    ranks = ", ".join(f"{method} {rank:.3g}" for method, rank in zip(result.methods, result.ranks, strict=True))
    if len(result.methods) < 3:
        return f"Mean ranks: {ranks}. Friedman's test needs three methods."
    if result.benchmarks < 2:
        return f"Ranks: {ranks}. One benchmark says nothing about others; Friedman's test needs several."
    if math.isnan(result.p_value):
        return f"Mean ranks: {ranks}. They do not differ at all."
    found = "The methods differ" if result.p_value <= ALPHA else "No difference between the methods is established"
    return (
        f"{found} over {result.benchmarks} benchmarks (Friedman: chi-squared {result.statistic:.3g}, "
        f"p = {p_text(result.p_value)}). Mean ranks: {ranks}; two of them differ where they are at least "
        f"{result.critical:.3g} apart (Nemenyi, 5 %)."
    )


def experiments_table(runs: Sequence[Run]) -> Table:
    """A row for each experiment, the first `EXPERIMENTS_SHOWN` of them."""
    columns = ["experiment", "benchmark", "method", "run id", "trials", "best", "reached after", "total time"]
    rows = []
    for run in runs[:EXPERIMENTS_SHOWN]:
        trace, experiment = run.trace, run.experiment
        value = -trace.final if experiment.mode == "max" else trace.final
        first = float(trace.spent["time"][-1]) if len(trace.loss) else math.nan
        rows.append(
            [
                experiment.name,
                run.benchmark,
                run.method,
                str(experiment.metadata.get("run_id", "–")),
                number(trace.total["trials"], 6),
                number(value, 5),
                seconds_text(first),
                seconds_text(trace.total["time"]),
            ]
        )
    return Table(columns, rows)


def failures_table(study: Study, limit: int = 50) -> Table:
    """Failed trials, and experiments that did not finish: where, why and the last line of the log."""
    rows = [[one.name, one.method, "–", one.state, one.reason, ""] for one in study.unfinished]
    for run in study.runs:
        for failure in run.trace.failures:
            tail = failure.tail.strip().splitlines()
            rows.append([run.experiment.name, run.method, str(failure.trial_id), "trial failed", failure.reason,
                         tail[-1] if tail else ""])  # fmt: skip
    return Table(["experiment", "method", "trial", "what", "why", "last line of its log"], rows[:limit])
