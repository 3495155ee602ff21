"""Part "searchers": seconds that a suggestion takes.

Protocol: on the mixed space, n random observations are given to a fresh searcher; then five times it is asked and
told. The first is kept apart, the figure is the median of the others. Fits that a tool makes when it is told count.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench.campaign import Campaign
from bench.parts.rounds import done, rotated
from bench.problems import MIXED, draw, mixed6
from bench.tools import TOOLS, Tool, source_digest
from bench.worker import Worker, WorkerFault

SIZES = (20, 50, 100, 200, 400, 800, 1600)
FIRST_SIZES = (20, 100, 400)
# Half a dozen copies of one model are not compared with themselves.
TIMED = [name for name in TOOLS if name not in ("ours-random-start", "random")]
_REPEATS = 5


def observations(count: int) -> list[tuple[dict[str, Any], float]]:
    """Uniform draws from the mixed space and their values, the same for all tools."""
    generator = random.Random(1000 + count)
    configs = [draw(MIXED, generator) for _ in range(count)]
    return [(config, mixed6(config)) for config in configs]


def suggestions(worker: Worker, tool: Tool, count: int, repeats: int = _REPEATS) -> dict[str, Any]:
    """Wall and CPU seconds of each ask and tell after `count` observations, and of handing those over."""
    given = worker.call("new", space=MIXED, seed=1, observations=observations(count), **tool.arguments)
    wall, cpu = [], []
    for _ in range(repeats):
        asked = worker.call("ask")
        token, config = asked.result
        told = worker.call("tell", token=token, value=mixed6(config))
        wall.append(round(asked.wall + told.wall, 6))
        cpu.append(round(asked.cpu + told.cpu, 6))
    return {"wall": wall, "cpu": cpu, "given": round(given.wall, 4)}


def measure(campaign: Campaign) -> None:
    tools = campaign.laboratory.available(TOOLS, [name for name in campaign.tools if name in TIMED])
    rounds = 1 if campaign.quick else campaign.rounds
    for index in range(rounds):
        if any(_short(campaign, size, tools, index) for size in _sizes(campaign)):
            _round(campaign, tools, index)
    _first(campaign, tools)


def _sizes(campaign: Campaign) -> tuple[int, ...]:
    return SIZES[:2] if campaign.quick else SIZES


def _short(campaign: Campaign, size: int, tools: Mapping[str, Tool], index: int) -> bool:
    records = campaign.records("searchers")
    return len(done(records, {"n": size}, list(tools), source_digest("searchers"))) <= index


def _round(campaign: Campaign, tools: Mapping[str, Tool], index: int) -> None:
    """All sizes, smallest first; within a size, tool after tool, each in a process that lives through the round."""
    left_out: dict[str, str] = {}
    workers: dict[str, Worker] = {}
    try:
        for name, tool in tools.items():
            workers[name] = campaign.laboratory.start(tool)
            suggestions(workers[name], tool, 12, repeats=1)  # imports, and what compiles itself
        for size in _sizes(campaign):
            timed: dict[str, Any] = {}
            for name in rotated([name for name in tools if name not in left_out], index):
                try:
                    timed[name] = suggestions(workers[name], tools[name], size)
                except WorkerFault as fault:
                    left_out[name] = f"n = {size}: {fault}"
                    continue
                if steady(timed[name]["cpu"]) > campaign.patience:
                    left_out[name] = f"over {campaign.patience:g} s a suggestion at n = {size}"
            append(campaign, {"n": size}, timed, workers, left_out)
            campaign.say(f"searchers, round {index + 1}, n = {size}: {brief(timed)}")
    finally:
        for worker in workers.values():
            worker.close()


def steady(seconds: Sequence[float]) -> float:
    """Median of all suggestions but the first; of the first, where it is the only one."""
    return statistics.median(seconds[1:] or seconds)


def brief(timed: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {1000 * steady(times['cpu']):.1f} ms" for name, times in timed.items())


def append(
    campaign: Campaign,
    cell: Mapping[str, Any],
    timed: Mapping[str, Any],
    workers: Mapping[str, Worker],
    left_out: Mapping[str, str],
) -> None:
    absent = {name: why for name, why in left_out.items() if name not in timed}
    versions = {name: workers[name].versions for name in timed}
    fields = {
        "cell": cell,
        "ours": source_digest("searchers"),
        "tools": timed,
        "versions": versions,
        "left_out": absent,
    }
    campaign.records("searchers").append(fields)


def _first(campaign: Campaign, tools: Mapping[str, Tool]) -> None:
    """The first suggestion of a fresh process, imports that it causes included."""
    chosen = {name: tools[name] for name in ("ours", "optuna-gp", "synetune-0.13") if name in tools}
    records = campaign.records("searchers")
    for index in range(1 if campaign.quick else campaign.rounds):
        for size in FIRST_SIZES[: 1 if campaign.quick else None]:
            cell = {"first": size}
            if len(done(records, cell, list(chosen), source_digest("searchers"))) > index:
                continue
            timed, workers = {}, {}
            for name in rotated(list(chosen), index):
                with campaign.laboratory.start(chosen[name]) as worker:
                    times = suggestions(worker, chosen[name], size, repeats=1)
                    timed[name] = {**times, "import": round(worker.import_seconds, 4)}
                    workers[name] = worker
            append(campaign, cell, timed, workers, {})
            campaign.say(f"searchers, first suggestion, n = {size}: {timed}")
