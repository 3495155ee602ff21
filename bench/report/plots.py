"""Plots of the page, as SVG that is equal for equal records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt

from bench.parts.regret import CELLS, EVALUATIONS
from bench.records import Record
from bench.report.figures import middle, regret, spread
from bench.report.quality import runs_of
from bench.report.speed import by_cell
from bench.tools import MOBSTER, TOOLS, Tool

_STYLE: Any = {"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
_COLOURS = dict(zip(TOOLS, plt.colormaps["tab10"].colors, strict=True))  # type: ignore[attr-defined]
_FLOOR = 1e-9


def write_plots(folder: Path, searchers: Sequence[Record], regrets: Sequence[Record]) -> list[str]:
    """File names of the plots that the records suffice for."""
    matplotlib.use("svg")
    written = []
    with plt.rc_context(_STYLE):
        for name, records, tools in (("n", searchers, TOOLS), ("rung observations", searchers, MOBSTER)):
            cells = by_cell(records, name)
            if cells:
                written.append(_latency(folder, name, cells, tools))
        if regrets:
            written.append(_regret(folder, regrets))
    return written


def _save(figure: Any, folder: Path, name: str) -> str:
    figure.savefig(folder / name, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return name


def _latency(folder: Path, name: str, cells: Mapping[int, Sequence[Record]], tools: Mapping[str, Tool]) -> str:
    figure, axes = plt.subplots(figsize=(6, 4))
    for tool in tools:
        points = [(size, middle(cells[size], tool, "cpu")) for size in sorted(cells)]
        known = [(size, value) for size, value in points if value is not None]
        if known:
            axes.loglog(*zip(*known, strict=True), "o-", label=tools[tool].label, color=_COLOURS[tool])
    axes.set_xlabel("observations" if name == "n" else name)
    axes.set_ylabel("CPU seconds of a suggestion")
    axes.legend()
    return _save(figure, folder, f"latency-{name.replace(' ', '-')}.svg")


def _regret(folder: Path, records: Sequence[Record]) -> str:
    rows = -(-len(CELLS) // 2)
    figure, grid = plt.subplots(rows, 2, figsize=(11, 3.4 * rows))
    for axes in grid.flat[len(CELLS) :]:
        axes.set_visible(False)
    for axes, cell in zip(grid.flat, CELLS, strict=False):
        for name, runs in runs_of(records, cell).items():
            spreads = [spread([max(_FLOOR, regret(run, when)) for run in runs]) for when in range(1, EVALUATIONS + 1)]
            steps = range(1, EVALUATIONS + 1)
            label = f"{TOOLS[name].label} ({len(runs)})"
            axes.semilogy(steps, [one.middle for one in spreads], label=label, color=_COLOURS[name])
            if name == "ours":
                lower, upper = [one.lower for one in spreads], [one.upper for one in spreads]
                axes.fill_between(steps, lower, upper, color=_COLOURS[name], alpha=0.12, linewidth=0)
        axes.set_title(f"{cell[0]}, {cell[1]} worker{'s' * (cell[1] > 1)}")
        if axes.lines:
            axes.legend(fontsize=6)
    figure.supxlabel("evaluations", y=0.08)
    figure.supylabel("simple regret: medians, and quartiles of ours", x=0.07)
    return _save(figure, folder, "regret.svg")
