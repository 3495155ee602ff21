"""Tables of timings. All ratios are within rounds, of CPU time where the machine may be shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.parts.latency import FIRST_SIZES, SIZES
from bench.parts.mobster import SIZES as RUNG_SIZES
from bench.parts.simulator import SIMULATORS
from bench.parts.startup import STARTS
from bench.parts.trials import COURSES, LOOPS
from bench.records import Record
from bench.report.figures import Ratio, against_fastest, latest, middle, quiet
from bench.report.markdown import milliseconds, number, table
from bench.tools import MOBSTER, TOOLS

Cells = Mapping[str, Sequence[Record]]


def by_cell(records: Sequence[Record], key: str) -> dict[Any, list[Record]]:
    """Rounds grouped by one field of their cell; in each group those of the newest version of ours."""
    cells: dict[Any, list[Record]] = {}
    for record in records:
        if key in record["cell"]:
            cells.setdefault(record["cell"][key], []).append(record)
    return {value: latest(rounds) for value, rounds in cells.items()}


def _ratio(ratio: Ratio | None, labels: Mapping[str, Any]) -> str:
    if ratio is None:
        return "-"
    middle, least, greatest = (number(value, 2) for value in (ratio.middle, ratio.least, ratio.greatest))
    return f"**{middle}x** [{least}, {greatest}] {labels[ratio.peer].label}"


def _grid(cells: Mapping[Any, list[Record]], sizes: Sequence[int], tools: Mapping[str, Any], peers: list[str]) -> str:
    """A row for each tool (median ms of CPU, in brackets of wall clock), then the ratios of the fastest peer."""
    sizes = [size for size in sizes if size in cells]
    rows = []
    for name, tool in tools.items():
        if any(name in one["tools"] for size in sizes for one in cells[size]):
            rows.append([tool.label, *(_both(cells[size], name) for size in sizes)])
    ratios = [_ratio(against_fastest(cells[size], peers, "cpu"), tools) for size in sizes]
    rows.append(["fastest peer / ours, CPU", *ratios])
    if any(quiet(cells[size]) for size in sizes):
        ratios = [_ratio(against_fastest(quiet(cells[size]), peers, "wall"), tools) for size in sizes]
        rows.append(["fastest peer / ours, wall clock", *ratios])
    rows.append(["rounds", *(str(len(cells[size])) for size in sizes)])
    return table(["", *map(str, sizes)], rows)


def _both(rounds: Sequence[Record], name: str) -> str:
    cpu, wall = middle(rounds, name, "cpu"), middle(rounds, name, "wall")
    return "-" if cpu is None else f"{milliseconds(cpu)} ({milliseconds(wall)})"


def suggestions(records: Sequence[Record]) -> str:
    cells = by_cell(records, "n")
    peers = [name for name, tool in TOOLS.items() if tool.gaussian and not name.startswith("ours")]
    left_out = {why for rounds in cells.values() for one in rounds for why in _reasons(one)}
    notes = "".join(f"- left out from there on: {why}\n" for why in sorted(left_out))
    return _grid(cells, SIZES, TOOLS, peers) + ("\n" + notes if notes else "")


def _reasons(record: Record) -> list[str]:
    return [f"{TOOLS[name].label}: {why}" for name, why in record.get("left_out", {}).items()]


def first_suggestions(records: Sequence[Record]) -> str:
    cells = by_cell(records, "first")
    return _grid(cells, FIRST_SIZES, TOOLS, [name for name in TOOLS if not name.startswith("ours")])


def mobster(records: Sequence[Record]) -> str:
    cells = by_cell(records, "rung observations")
    return _grid(cells, RUNG_SIZES, MOBSTER, [name for name in MOBSTER if name != "ours"])


def simulator(records: Sequence[Record]) -> str:
    cells = by_cell(records, "trials")
    rounds = cells[max(cells)]

    def rate(name: str, clock: str, what: str) -> float | None:
        return middle([_rated(one, clock, what) for one in rounds], name, "rate")

    rows = []
    for name, tool in SIMULATORS.items():
        trials = middle(rounds, name, "trials")
        if trials is not None:
            figures = [rate(name, clock, what) for what in ("trials", "results") for clock in ("cpu", "wall")]
            rows.append([tool.label, f"{trials:.0f}", *(number(figure) for figure in figures)])
    peers = [name for name in SIMULATORS if name != "ours"]
    ratios = {
        "CPU": against_fastest([_rated(one, "cpu", "trials", 1) for one in rounds], peers, "rate"),
        "wall clock": against_fastest([_rated(one, "wall", "trials", 1) for one in quiet(rounds)], peers, "rate"),
    }
    head = ["", "trials", "trials per CPU s", "trials per s", "results per CPU s", "results per s"]
    lines = [f"- ours / fastest peer, {clock}: {_ratio(ratio, SIMULATORS)}" for clock, ratio in ratios.items() if ratio]
    return table(head, rows) + "\n" + "\n".join([*lines, f"- rounds: {len(rounds)}"]) + "\n"


def _rated(record: Record, clock: str, what: str, power: int = -1) -> Record:
    """The record with a "rate" for each tool: `what` a second, or (power 1) seconds for each."""
    tools = {name: {**times, "rate": (times[clock] / times[what]) ** power} for name, times in record["tools"].items()}
    return {**record, "tools": tools}


def trials(records: Sequence[Record]) -> str:
    cells = by_cell(records, "script")
    scripts = [script for script in COURSES if script in cells]
    rows = []
    for name, tool in LOOPS.items():
        if any(name in one["tools"] for script in scripts for one in cells[script]):
            rows.append([tool.label, *(_trial(cells[script], name) for script in scripts)])
    rows.append(["rounds", *(str(len(cells[script])) for script in scripts)])
    ratios = "Wall clock (CPU), and ratios of wall clock: to ours forked, to ours plain.\n\n"
    return ratios + table(["script", *scripts], rows)


def _trial(rounds: Sequence[Record], name: str) -> str:
    wall = middle(rounds, name, "wall")
    if wall is None:
        return "-"
    figure = f"{number(wall)} s ({number(middle(rounds, name, 'cpu'))})"
    if name.startswith("ours"):
        return figure
    ratios = [against_fastest(rounds, [name], "wall", ours) for ours in ("ours", "ours-plain")]
    return figure + "".join(f", {ratio.middle:.1f}x" for ratio in ratios if ratio)


def startup(records: Sequence[Record]) -> str:
    rounds = latest(records)
    rows = [[name, number(middle(rounds, name, "wall"))] for name in STARTS if middle(rounds, name, "wall") is not None]
    return table(["", f"s, median of {len(rounds)}"], rows)


SECTIONS: Sequence[tuple[str, str, str, Callable[[Sequence[Record]], str]]] = (
    (
        "Seconds of a suggestion",
        "searchers",
        "n",
        suggestions,
    ),
    ("First suggestion of a fresh process", "searchers", "first", first_suggestions),
    ("Seconds of a suggestion, MOBSTER", "searchers", "rung observations", mobster),
    ("Simulated experiments", "simulator", "trials", simulator),
    ("Seconds for each trial", "trials", "script", trials),
)
