"""Methods over several benchmarks: ranks and normalised regret over time, Friedman's and Nemenyi's tests.

As Demsar (2006), "Statistical comparisons of classifiers over multiple data sets": a benchmark is one block, its value
for a method the median of the final losses over run ids.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.report.stats import ALPHA
from harness.report.study import Board, Study, median_losses
from harness.report.trace import Floats


@dataclass(frozen=True)
class Friedman:
    """Attributes:
    methods, ranks: mean rank of each method over the benchmarks, best first.
    statistic, p_value: Friedman's chi-squared; NaN where there are fewer than three methods or two benchmarks.
    critical: difference of mean ranks from which on two methods differ at 5 % (Nemenyi).
    """

    benchmarks: int
    methods: Sequence[str]
    ranks: Sequence[float]
    statistic: float
    p_value: float
    critical: float


def common_methods(study: Study) -> list[str]:
    """The methods that every benchmark has."""
    return [method for method in study.methods if all(method in board.runs for board in study.boards)]


def friedman(study: Study) -> Friedman:
    """Friedman's test over the benchmarks, for the methods that all of them have."""
    from scipy import stats

    methods = common_methods(study)
    blocks = [[median_losses(board)[method] for method in methods] for board in study.boards]
    ranks = np.array([stats.rankdata(block) for block in blocks]).reshape(len(blocks), len(methods)).mean(axis=0)
    order = np.argsort(ranks, kind="stable")
    statistic = p_value = math.nan
    if len(methods) >= 3 and len(blocks) >= 2 and np.ptp(ranks) > 0:
        result = stats.friedmanchisquare(*np.array(blocks).T)
        statistic, p_value = float(result.statistic), float(result.pvalue)
    return Friedman(
        benchmarks=len(blocks),
        methods=[methods[index] for index in order],
        ranks=[float(ranks[index]) for index in order],
        statistic=statistic,
        p_value=p_value,
        critical=critical_difference(len(methods), len(blocks)),
    )


def critical_difference(methods: int, blocks: int) -> float:
    """Nemenyi's: q * sqrt(k (k + 1) / (6 N)), q the studentised range's quantile over sqrt(2) (Demsar 2006, eq. 10)."""
    from scipy import stats

    if methods < 2 or blocks < 1:
        return math.nan
    quantile = float(stats.studentized_range.ppf(1 - ALPHA, methods, np.inf)) / math.sqrt(2)
    return quantile * math.sqrt(methods * (methods + 1) / (6 * blocks))


def cliques(result: Friedman) -> list[tuple[int, int]]:
    """Maximal stretches (first, last index) of methods whose mean ranks differ by less than the critical difference."""
    ranks = result.ranks
    spans: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(index for index in range(first, len(ranks)) if ranks[index] - ranks[first] < result.critical)
        if last > first and not any(start <= first and last <= end for start, end in spans):
            spans.append((first, last))
    return spans


def normalised_regret(board: Board, method: str, fractions: Floats) -> Floats:
    """(incumbent - best) / (start - best) of each run at fractions of the board's time. float64 [runs, fractions]

    best: the best loss that any method reached; start: median of the first reported losses of all runs. 0 is the best
    known, 1 the start; infinite before a run's first report.
    """
    every = [run.trace for runs in board.runs.values() for run in runs.values() if len(run.trace.loss)]
    if not every:
        return np.full((len(board.runs[method]), len(fractions)), np.inf)
    best = min(trace.final for trace in every)
    start = float(np.median([trace.loss[0] for trace in every]))
    scale = start - best if start > best else 1.0
    grid = fractions * board.horizon("time")
    return np.array([(run.trace.at("time", grid) - best) / scale for run in board.runs[method].values()])


def ranks_over_time(board: Board, methods: Sequence[str], fractions: Floats) -> Floats:
    """Mean rank over the pairs that all methods have, at fractions of the board's time; ties share their mean.

    float64 [methods, fractions], NaN where there is no such pair.
    """
    from scipy import stats

    common = [pair for pair in board.runs[methods[0]] if all(pair in board.runs[method] for method in methods)]
    if not common:
        return np.full((len(methods), len(fractions)), np.nan)
    grid = fractions * board.horizon("time")
    losses = np.array([[board.runs[method][pair].trace.at("time", grid) for pair in common] for method in methods])
    ranks: Floats = stats.rankdata(losses, axis=0).mean(axis=1)
    return ranks
