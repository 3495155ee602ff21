"""Figures of one benchmark: the incumbent against what was spent, and how far trials got."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.report.bands import CENTRE_NAMES, Band, band
from harness.report.figure import Figure, Table, interval, line, number, points, ribbon, time_unit
from harness.report.study import Board
from harness.report.trace import Floats

GRID = 120
MOST_LEVELS = 12
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


def incumbent_figure(board: Board, axis: str, methods: Sequence[str], centre: str, key: str) -> Figure:
    """Best value so far against an axis of `trace.AXES`. `methods`: all of the page, whose order gives the colours."""
    unit, label = _axis(board, axis)
    horizon = _horizon(board, axis)
    # Half a step before the first point: a run that reports at once has a value from the start.
    grid = np.linspace(0, horizon, GRID + 1)[1:]
    bands = {method: _band(board, method, axis, grid, centre) for method in board.methods}
    traces: list[dict[str, Any]] = []
    for method, own in bands.items():
        tone = methods.index(method)
        traces += ribbon(grid / unit, own.low, own.high, method, tone, "hv")
    for method, own in bands.items():
        hover = f"%{{y:.5g}} at %{{x:.4g}}<extra>{method}</extra>"
        style: dict[str, Any] = {"line": {"shape": "hv", "width": 2}, "hovertemplate": hover}
        traces.append(line(grid / unit, own.centre, method, methods.index(method), **style))
    noun = {"time": label.split(" (")[0], "trials": "trials", "resource": "resource spent"}[axis]
    runs = sorted({len(runs) for runs in board.runs.values()})
    count = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    caption = (
        f"Best {board.metric} so far: {CENTRE_NAMES[centre]} of {count} runs"
        f"{'' if runs[-1] < 2 else ', with 95 % bootstrap bands'}. {_better(board)}"
    )
    return Figure(
        key=key,
        title=f"{board.name}: best {board.metric} against {noun}",
        caption=caption,
        x_label=label,
        y_label=f"best {board.metric}",
        traces=traces,
        layout=_focus(list(bands.values())),
        table=_curve_table(bands, grid / unit, label),
    )


def _better(board: Board) -> str:
    return "Higher is better." if board.mode == "max" else "Lower is better."


def _axis(board: Board, axis: str) -> tuple[float, str]:
    """Divisor and label."""
    if axis == "time":
        unit = time_unit(board.horizon("time"))
        return unit.seconds, f"{'virtual' if board.virtual else 'wall-clock'} time ({unit.name})"
    if axis == "trials":
        return 1.0, "trials that have reported (number)"
    return 1.0, f"resource of all trials (sum of {board.resource or 'reports'})"


def _horizon(board: Board, axis: str) -> float:
    """Where the axis ends: with the last run in time, with the longest median run in trials and resource."""
    if axis == "time":
        return board.horizon("time")
    return max(_median_total(board, method, axis) for method in board.methods)


def _median_total(board: Board, method: str, axis: str) -> float:
    return float(np.median([run.trace.total[axis] for run in board.runs[method].values()]))


def _band(board: Board, method: str, axis: str, grid: Floats, centre: str) -> Band:
    curves = np.array([run.trace.at(axis, grid) for run in board.runs[method].values()])
    if axis != "time":  # a method that spends less ends sooner: going on would claim what it did not do
        curves = np.where(grid > _median_total(board, method, axis), np.inf, curves)
    found = band(curves, centre)
    low, high = sorted_bounds(board, found)
    return Band(board.value(found.centre), low, high)


def sorted_bounds(board: Board, found: Band) -> tuple[Floats, Floats]:
    """The band in the metric's direction: low stays below high."""
    low, high = board.value(found.low), board.value(found.high)
    return (high, low) if board.mode == "max" else (low, high)


def _focus(bands: Sequence[Band]) -> dict[str, Any]:
    """Range of the y axis: what happens after the first tenth; a double click shows all of it."""
    first = GRID // 10
    late = [values[first:] for own in bands for values in (own.centre, own.low, own.high)]
    known = np.concatenate(late) if late else np.array([])
    known = known[np.isfinite(known)]
    if not len(known) or np.ptp(known) == 0:
        return {}
    pad = 0.06 * float(np.ptp(known))
    return {"yaxis": {"range": points(np.array([known.min() - pad, known.max() + pad]))}}


def _curve_table(bands: dict[str, Band], x: Floats, label: str) -> Table:
    rows = [round(share * len(x)) - 1 for share in SHARES]
    columns = [label, *bands]
    cells = []
    for row in rows:
        values = [
            f"{number(own.centre[row])} {interval(own.low[row], own.high[row])}".strip() for own in bands.values()
        ]
        cells.append([number(x[row], 3), *values])
    return Table(columns, cells)


def levels_figure(board: Board, methods: Sequence[str], key: str) -> Figure | None:
    """How many trials of a run reached each level at which some trial was paused or stopped; None without such."""
    runs = {method: list(own.values()) for method, own in board.runs.items()}
    every = [run.trace for own in runs.values() for run in own]
    decided = {level for trace in every for level in trace.decided if level > 0}
    if board.resource is None or not decided:
        return None
    levels = _thinned(sorted(decided | {max(max(trace.reached, default=0) for trace in every)}))
    traces = []
    table = []
    for method, own in runs.items():
        counts = np.array([[_reached(run.trace.reached, level) for level in levels] for run in own]).mean(axis=0)
        more = {"mode": "lines+markers", "marker": {"size": 7}, "line": {"width": 2}}
        shown = line(
            np.arange(len(levels), dtype=float),
            np.where(counts > 0, counts, np.nan),
            method,
            methods.index(method),
            **more,
        )
        traces.append({**shown, "x": [str(level) for level in levels]})
        table.append([method, *(number(count, 3) for count in counts)])
    return Figure(
        key=key,
        title=f"{board.name}: trials that reached each level",
        caption="Mean over the runs, at the levels where trials were paused or stopped.",
        x_label=f"level ({board.resource})",
        y_label="trials of a run (number, log scale)",
        traces=traces,
        layout={"xaxis": {"type": "category"}, "yaxis": {"type": "log", "dtick": 1}},
        table=Table(["method", *(f"{board.resource} {level}" for level in levels)], table),
    )


def _reached(last: Any, level: int) -> int:
    return sum(count for at, count in last.items() if at >= level)


def _thinned(levels: Sequence[int]) -> list[int]:
    """At most `MOST_LEVELS`, evenly on a log scale, the ends kept."""
    if len(levels) <= MOST_LEVELS:
        return list(levels)
    wanted = np.geomspace(max(levels[0], 1), levels[-1], MOST_LEVELS)
    return sorted({min(levels, key=lambda level: abs(level - want)) for want in wanted})
