"""Experiments -> a study: benchmarks, the runs of each method on them, and what had to be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from harness.report.trace import Floats, Trace, trace
from harness.results.labels import Labelled, labelled
from harness.results.load import CREATED, UNREADABLE, Broken, Experiment
from harness.results.rows import UnreadableResults, read_rows

Pair = int | str


@dataclass(frozen=True)
class Run:
    """One experiment that counts."""

    experiment: Experiment
    benchmark: str
    method: str
    trace: Trace


@dataclass(frozen=True)
class Board:
    """One benchmark.

    Attributes:
        goal: metric, mode and constraint, for people.
        runs: method -> pair (seed, or the experiment's name where it has none) -> run.
    """

    name: str
    metric: str
    mode: str
    goal: str
    resource: str | None
    virtual: bool
    runs: Mapping[str, Mapping[Pair, Run]]

    @property
    def methods(self) -> list[str]:
        return list(self.runs)

    def value(self, loss: Any) -> Any:
        """The metric's value of a loss."""
        return -loss if self.mode == "max" else loss

    def finals(self, method: str) -> Floats:
        """Final losses, infinite where a run has none. float64 [runs]"""
        return np.array([run.trace.final for run in self.runs[method].values()])

    def paired(self, first: str, second: str) -> list[tuple[Run, Run]]:
        """Runs of equal seed that both have a value."""
        one, other = self.runs.get(first, {}), self.runs.get(second, {})
        both = [(one[pair], other[pair]) for pair in one if pair in other and isinstance(pair, int)]
        return [(a, b) for a, b in both if np.isfinite(a.trace.final) and np.isfinite(b.trace.final)]

    def horizon(self, axis: str) -> float:
        """The most that any run spent."""
        return max((run.trace.total[axis] for runs in self.runs.values() for run in runs.values()), default=0.0)


@dataclass(frozen=True)
class Unfinished:
    """An experiment that is running, failed or was stopped: shown, not compared."""

    name: str
    benchmark: str
    method: str
    state: str
    reason: str


@dataclass(frozen=True)
class Study:
    """Attributes:
    boards: by benchmark, in the order of their names.
    methods: all methods, best first (by the mean rank of their medians over the benchmarks).
    superseded: experiments that a later one of equal benchmark, method and seed replaces.
    planned: experiments of the manifest, None where none was named.
    """

    boards: Sequence[Board]
    methods: Sequence[str]
    unfinished: Sequence[Unfinished]
    broken: Sequence[Broken]
    superseded: int
    planned: int | None

    @property
    def runs(self) -> list[Run]:
        return [run for board in self.boards for runs in board.runs.values() for run in runs.values()]

    @property
    def missing(self) -> int:
        """Planned experiments of which there is nothing to show."""
        return max(0, (self.planned or 0) - len(self.runs) - self.superseded - len(self.unfinished))


@dataclass
class _Heap:
    """What is gathered on the way."""

    runs: list[Run] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def study(experiments: Sequence[Experiment], broken: Iterable[Broken] = (), planned: int | None = None) -> Study:
    """Sort the experiments and read their results; what cannot be read, or not be compared, is among the broken."""
    heap = _Heap(broken=list(broken))
    for one in labelled(experiments):
        _take(one, heap)
    _one_metric_each(heap)
    runs, superseded = _latest(heap.runs)
    boards = [_board(name, runs) for name in sorted({run.benchmark for run in runs})]
    methods = _ordered(boards)
    boards = [_sorted_board(board, methods) for board in boards]
    return Study(boards, methods, heap.unfinished, heap.broken, superseded, planned)


def _take(one: Labelled, heap: _Heap) -> None:
    experiment = one.experiment
    if not experiment.finished:
        reason = str(experiment.status.get("reason", ""))
        if experiment.state == UNREADABLE:
            heap.broken.append(Broken(experiment.name, reason))
            return
        heap.unfinished.append(Unfinished(experiment.name, one.benchmark, one.method, experiment.state, reason))
        return
    try:
        rows = read_rows(experiment.folder)
    except UnreadableResults as error:
        heap.broken.append(Broken(experiment.name, str(error)))
        return
    for column, what in ((experiment.metric, "its metric"), (experiment.constraint_attr, "its constraint")):
        if column is not None and rows.num_rows and column not in rows.column_names:
            heap.broken.append(Broken(experiment.name, f"results have no column {column}, {what}"))
            return
    heap.runs.append(Run(experiment, one.benchmark, one.method, trace(rows, experiment)))


def _one_metric_each(heap: _Heap) -> None:
    """A benchmark's values can be compared in one metric only: the one that most of its experiments have."""
    counts: dict[str, Counter[str]] = {}
    for run in heap.runs:
        counts.setdefault(run.benchmark, Counter())[run.experiment.goal] += 1
    chosen = {benchmark: goals.most_common(1)[0][0] for benchmark, goals in counts.items()}
    kept = []
    for run in heap.runs:
        own, goal = run.experiment.goal, chosen[run.benchmark]
        if own == goal:
            kept.append(run)
            continue
        reason = f"its metric is {own}, that of most experiments on {run.benchmark} {goal}"
        heap.broken.append(Broken(run.experiment.name, reason))
    heap.runs = kept


def _latest(runs: Iterable[Run]) -> tuple[list[Run], int]:
    """One run for each benchmark, method and pair, the last created; and how many that leaves out."""
    kept: dict[tuple[str, str, Pair], Run] = {}
    superseded = 0
    for run in sorted(runs, key=lambda run: float(run.experiment.metadata[CREATED])):
        pair: Pair = run.experiment.name if run.experiment.pair is None else run.experiment.pair
        key = (run.benchmark, run.method, pair)
        superseded += key in kept
        kept[key] = run
    return list(kept.values()), superseded


def _board(name: str, every: Sequence[Run]) -> Board:
    runs: dict[str, dict[Pair, Run]] = {}
    own = sorted((run for run in every if run.benchmark == name), key=_run_order)
    for run in own:
        pair = run.experiment.pair
        runs.setdefault(run.method, {})[run.experiment.name if pair is None else pair] = run
    first = own[0].experiment
    resources = {run.experiment.resource_attr for run in own}
    resource = resources.pop() if len(resources) == 1 else None
    virtual = all(run.experiment.virtual for run in own)
    return Board(name, first.metric, first.mode, first.goal, resource, virtual, runs)


def _run_order(run: Run) -> tuple[float, str]:
    run_id = run.experiment.metadata.get("run_id", run.experiment.pair)
    return (float(run_id) if isinstance(run_id, (int, float)) else 0.0, run.experiment.name)


def median_losses(board: Board) -> dict[str, float]:
    """Method -> median of its final losses."""
    return {method: float(np.median(board.finals(method))) for method in board.methods}


def _ordered(boards: Sequence[Board]) -> list[str]:
    """Methods by the mean rank of their medians; one that is on fewer benchmarks is ranked on those."""
    from scipy import stats

    ranks: dict[str, list[float]] = {}
    for board in boards:
        medians = median_losses(board)
        for method, rank in zip(medians, stats.rankdata(list(medians.values())), strict=True):
            ranks.setdefault(method, []).append(float(rank))
    return sorted(ranks, key=lambda method: (float(np.mean(ranks[method])), method))


def _sorted_board(board: Board, methods: Sequence[str]) -> Board:
    runs = {method: board.runs[method] for method in methods if method in board.runs}
    return replace(board, runs=runs)
