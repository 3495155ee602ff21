"""Guard against getting slower: our own cost in calls and in units of fixed numpy work, never in seconds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from bench.worker import Worker
from harness.errors import UsageError
from harness.jobdir import replacing

SIZES = (50, 200, 800)
TOLERANCE = 1.5
_ROUNDS = 5
Costs = Mapping[str, float]


def measured() -> Costs:
    """Name of a cost -> its value, for each size."""
    costs: dict[str, float] = {}
    for size in SIZES:
        with Worker(Path(sys.executable), "bench.peers.counting:Counting") as worker:
            worker.call("new", size=size)
            costs[f"calls, n = {size}"] = round(worker.call("calls", number=4).result)
            units = [worker.call("units", number=4).result for _ in range(_ROUNDS)]
            costs[f"units, n = {size}"] = round(median(units), 4)
    return costs


def exceeded(now: Costs, before: Costs) -> list[str]:
    """One line for each cost that has grown by more than the tolerance."""
    return [
        f"{name}: {cost:g}, it was {before[name]:g}"
        for name, cost in now.items()
        if name in before and cost > TOLERANCE * before[name]
    ]


def guard(path: Path, say: Callable[[str], None]) -> int:
    """Compare with the costs in `path`, or write them there; exit code 1 where one is exceeded."""
    before = _costs(path)
    now = measured()
    for name, cost in now.items():
        say(f"{name}: {cost:g}" + (f" (before: {before[name]:g})" if name in before else ""))
    if not before:
        with replacing(path) as file:
            file.write(json.dumps(now, indent=1).encode() + b"\n")
        say(f"written: {path}")
    faults = exceeded(now, before)
    for fault in faults:
        say(f"too much: {fault}")
    return 1 if faults else 0


def _costs(path: Path) -> Costs:
    try:
        costs: Costs = json.loads(path.read_text())
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return {}
    except ValueError as error:
        raise UsageError(f"--guard: {path} is no JSON: {error}") from error
    return costs
