"""The figures of the page for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.parts.regret import CELLS, MARKS
from bench.records import Record
from bench.report.figures import against_fastest, spread
from bench.report.quality import runs_of, value_of, verdict
from bench.report.speed import by_cell
from bench.tools import MOBSTER, TOOLS


def summary(parts: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    gaussian = [name for name, tool in TOOLS.items() if tool.gaussian and not name.startswith("ours")]
    return {
        "suggestion, fastest peer / ours, cpu": _ratios(parts["searchers"], "n", gaussian),
        "MOBSTER, peer / ours, cpu": _ratios(parts["searchers"], "rung observations", [*MOBSTER][1:]),
        "regret": [_cell(parts["regret"], cell) for cell in CELLS],
    }


def headlines(parts: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """A line for each ratio and each verdict."""
    for what, ratios in summary(parts).items():
        for size, ratio in ratios.items() if isinstance(ratios, dict) else ():
            yield f"{what}, {size}: {ratio['middle']:.0f} ({TOOLS[ratio['peer']].label})"
    for problem, workers in CELLS:
        runs = runs_of(parts["regret"], (problem, workers))
        for mark in MARKS:
            found = verdict(runs, value_of(problem), mark)
            if found is not None:
                where = f"{problem}, {workers} worker{'s' * (workers > 1)}, at {mark}"
                yield f"{where}: ours {found.ours:.2g}, {TOOLS[found.peer].label} {found.best:.2g}"


def _ratios(records: Sequence[Record], key: str, peers: Sequence[str]) -> dict[str, Any]:
    cells = by_cell(records, key)
    found = {size: against_fastest(cells[size], peers, "cpu") for size in sorted(cells)}
    return {str(size): asdict(ratio) for size, ratio in found.items() if ratio is not None}


def _cell(records: Sequence[Record], cell: tuple[str, int]) -> dict[str, Any]:
    value = value_of(cell[0])
    tools = {
        name: {f"at {mark}": asdict(spread([value(run, mark) for run in runs])) for mark in MARKS}
        for name, runs in runs_of(records, cell).items()
    }
    return {"problem": cell[0], "workers": cell[1], "tools": tools}
