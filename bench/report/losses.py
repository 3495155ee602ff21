"""Where a peer is better than ours, said first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.parts.regret import CELLS, MARKS
from bench.parts.trials import LOOPS
from bench.records import Record
from bench.report.figures import against_fastest
from bench.report.quality import runs_of, value_of, verdict
from bench.report.speed import by_cell
from bench.tools import MOBSTER, TOOLS, Tool


def losses(parts: Mapping[str, Sequence[Record]]) -> list[str]:
    """A line for each cell and peer; none where nothing has been lost (or measured)."""
    return [
        *_slower(parts["searchers"], "n", TOOLS, "cpu", "{} observations: a suggestion of"),
        *_slower(parts["searchers"], "rung observations", MOBSTER, "cpu", "MOBSTER, {} rung observations: one of"),
        *_slower(parts["searchers"], "first", TOOLS, "cpu", "first suggestion at {} observations: that of"),
        *_slower(parts["trials"], "script", LOOPS, "wall", "script {}: a trial of"),
        *_worse(parts["regret"]),
    ]


def _slower(records: Sequence[Record], key: str, tools: Mapping[str, Tool], clock: str, what: str) -> Iterator[str]:
    for value, rounds in by_cell(records, key).items():
        for name in tools:
            ratio = None if name.startswith("ours") else against_fastest(rounds, [name], clock)
            if ratio is not None and ratio.middle < 1:
                yield f"{what.format(value)} {tools[name].label} takes {ratio.middle:.2f} of our time ({clock})"


def _worse(records: Sequence[Record]) -> Iterator[str]:
    for problem, workers in CELLS:
        runs = runs_of(records, (problem, workers))
        for mark in MARKS:
            found = verdict(runs, value_of(problem), mark)
            if found is not None and found.times_below < 1:
                counts = f"{len(runs['ours'])} seeds against {len(runs[found.peer])}"
                yield (
                    f"{problem}, {workers} worker{'s' * (workers > 1)}, {mark} evaluations: {TOOLS[found.peer].label} "
                    f"has a median regret of {found.best:.3g}, ours {found.ours:.3g} ({counts})"
                )
