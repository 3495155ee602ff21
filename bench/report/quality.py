"""Tables of simple regret."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.parts.regret import CELLS, MARKS
from bench.problems import PROBLEMS
from bench.records import Record
from bench.report.figures import Spread, handed_out, latest, regret, share_above, spread
from bench.report.markdown import number, table
from bench.tools import TOOLS

STUCK = 0.03
Cell = tuple[str, int]
Value = Callable[[Record, int], float]
Runs = Mapping[str, Sequence[Record]]


def runs_of(records: Sequence[Record], cell: Cell) -> dict[str, list[Record]]:
    """Tool -> its runs of a cell, one for each seed; of ours those of the newest version."""
    wanted = {"problem": cell[0], "workers": cell[1]}
    whole = [record for record in records if "fault" not in record and record["cell"] == wanted]
    newest = {name: latest([one for one in whole if one["tool"] == name]) for name in TOOLS}
    runs = {name: {one["seed"]: one for one in newest[name]} for name in TOOLS}
    return {name: [by_seed[seed] for seed in sorted(by_seed)] for name, by_seed in runs.items() if by_seed}


@dataclass(frozen=True)
class Verdict:
    """Of one cell at one number of evaluations: medians of ours and of the best peer."""

    ours: float
    peer: str
    best: float

    @property
    def times_below(self) -> float:
        return self.best / self.ours if self.ours > 0 else float("inf")


def value_of(problem: str) -> Value:
    """What a run is judged by: with noise what the tool hands out, without it its simple regret."""
    return handed_out if PROBLEMS[problem].noise else regret


def verdict(runs: Runs, value: Value, mark: int, ours: str = "ours") -> Verdict | None:
    """At `mark` evaluations. None where either side is missing. Random search and other starts of ours are no peers."""
    peers = {name: spread([value(run, mark) for run in runs[name]]).middle for name in runs if not _is_ours(name)}
    if ours not in runs or not peers:
        return None
    best = min(peers, key=lambda name: peers[name])
    return Verdict(spread([value(run, mark) for run in runs[ours]]).middle, best, peers[best])


def _is_ours(name: str) -> bool:
    return name.startswith("ours") or name == "random"


def quality(records: Sequence[Record]) -> str:
    tuned = [cell for cell in CELLS if not PROBLEMS[cell[0]].held_out and not PROBLEMS[cell[0]].noise]
    noisy = [cell for cell in CELLS if PROBLEMS[cell[0]].noise]
    held_out = [cell for cell in CELLS if PROBLEMS[cell[0]].held_out]
    return "\n".join(
        [
            "Median simple regret after 30 / 60 evaluations, [quartiles at 60], number of seeds. Each tool has its "
            "defaults and its own start; seeds are not paired between tools. Where a peer has fewer than ten "
            "seeds, the order is not to be read as settled.\n",
            "Several tools begin with the middle of the space. Of mixed6's activations, listed as relu, tanh, gelu, "
            "swish, that is the first for ours, and for Ax the third, which is the best one. In mixed6-turned the list "
            "begins with another value for each seed, so that over four seeds no tool is favoured.\n",
            *(_cell(records, cell) for cell in tuned),
            "### With noise\n",
            "True value of the configuration that the tool hands out: of the best by its model (ours, Ax), else of the "
            "best observed; the last column has that of the best observed for all.\n",
            *(_cell(records, cell) for cell in noisy),
            "### Functions on which no setting of ours was tuned\n",
            *(_cell(records, cell) for cell in held_out),
        ]
    )


def _cell(records: Sequence[Record], cell: Cell) -> str:
    runs, value = runs_of(records, cell), value_of(cell[0])
    if not runs:
        return ""
    stuck = cell[0] == "hartmann6"
    head = ["", "at 30", "at 60", "quartiles at 60", *([f"stuck, > {STUCK} at 60"] if stuck else []), "seeds"]
    rows = [_row(name, runs[name], value, stuck) for name in TOOLS if name in runs]
    if PROBLEMS[cell[0]].noise:
        head.append("best observed, at 60")
        for row, those in zip(rows, (runs[name] for name in TOOLS if name in runs), strict=True):
            row.append(number(spread([run["recommended"][str(MARKS[1])]["observed"] for run in those]).middle))
    title = f"#### {cell[0]}, " + ("sequential" if cell[1] == 1 else f"{cell[1]} workers, out of order")
    lines = [*_verdicts(runs, value), *_failures(records, cell)]
    return "\n".join([title + "\n", table(head, rows), *lines]) + "\n"


def _row(name: str, runs: Sequence[Record], value: Value, stuck: bool) -> list[str]:
    early, late = ([value(run, mark) for run in runs] for mark in MARKS)
    end: Spread = spread(late)
    cells = [TOOLS[name].label, number(spread(early).middle), number(end.middle)]
    cells.append(f"{number(end.lower)}, {number(end.upper)}")
    if stuck:
        cells.append(f"{100 * share_above(late, STUCK):.0f} %")
    return [*cells, str(end.count)]


def _failures(records: Sequence[Record], cell: Cell) -> list[str]:
    broken = [one for one in records if "fault" in one and (one["cell"]["problem"], one["cell"]["workers"]) == cell]
    return [f"- {TOOLS[one['tool']].label} failed, seed {one['seed']}: {one['fault']}" for one in broken]


def _verdicts(runs: Runs, value: Value) -> list[str]:
    lines = []
    for mark in MARKS:
        found = verdict(runs, value, mark)
        if found is not None:
            times = found.times_below
            how = f"{times:.1f}x below" if times >= 1 else f"**{1 / times:.1f}x above**"
            seeds = f"{len(runs['ours'])} seeds against {len(runs[found.peer])}"
            lines.append(f"- at {mark}: ours {how} the best peer, {TOOLS[found.peer].label} ({seeds})")
    return lines
