"""Part "regret": how near tools come to the minimum of test functions within 60 evaluations.

Protocol: sequentially, or with 4 trials always out, each of which takes a lognormal (sigma 0.7) time, so that they end
out of order. Every tool has its defaults and its own start. Noise is added to what the tool is told, never to what is
recorded. Tools are measured seed by seed, all cells of a seed first, so that whenever a campaign ends all cells of a
tool have the same seeds.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.campaign import Campaign
from bench.problems import PROBLEMS, Problem
from bench.records import Records
from bench.tools import TOOLS, Tool, source_digest
from bench.worker import ToolFault, Worker, WorkerFault

EVALUATIONS = 60
MARKS = (30, 60)
CELLS: Sequence[tuple[str, int]] = (
    ("branin", 1),
    ("hartmann6", 1),
    ("mixed6", 1),
    ("hartmann6", 4),
    ("mixed6", 4),
    ("mixed6-turned", 1),
    ("mixed6-turned", 4),
    ("hartmann6+0.1", 1),
    ("mixed6+0.03", 1),
    ("mixed6-turned+0.03", 1),
    ("ackley6", 1),
    ("rosenbrock6", 1),
    ("levy4", 1),
)


@dataclass
class Run:
    """What is recorded of a run.

    Attributes:
        improvements: (evaluation, least true value so far), where it improves; evaluations count from 1 as they end.
        recommended: evaluation -> true values of the configuration with the least value as told ("observed"), and of
            the one that the tool hands out, where it has a way to ("model").
        seconds: wall and CPU seconds of all asks and tells.
    """

    improvements: list[tuple[int, float]] = field(default_factory=list)
    recommended: dict[int, dict[str, float]] = field(default_factory=dict)
    wall: float = 0.0
    cpu: float = 0.0


def measure(campaign: Campaign) -> None:
    records = campaign.records("regret")
    cells = [cell for cell in CELLS if cell[0] in campaign.problems] if campaign.problems else CELLS
    tools = campaign.laboratory.available(TOOLS, campaign.tools)
    for slow in (False, True):
        for seed in range(campaign.seeds):
            for name, tool in tools.items():
                if tool.slow is slow:
                    _seed(campaign, records, name, tool, seed, cells[:1] if campaign.quick else cells)


def _missing(records: Records, name: str, tool: Tool, seed: int, cells: Sequence[Any]) -> list[tuple[str, int]]:
    wanted = {"tool": name, "seed": seed}
    if name.startswith("ours"):
        wanted["ours"] = source_digest("regret")
    there = {(record["cell"]["problem"], record["cell"]["workers"]) for record in records.matching(**wanted)}
    return [cell for cell in cells if cell not in there]


def _seed(
    campaign: Campaign, records: Records, name: str, tool: Tool, seed: int, cells: Sequence[tuple[str, int]]
) -> None:
    missing = _missing(records, name, tool, seed, cells)
    if not missing:
        return
    with campaign.laboratory.start(tool, patience=900.0) as worker:
        for problem, workers in missing:
            fields = {"cell": {"problem": problem, "workers": workers}, "tool": name, "seed": seed}
            fields |= {"ours": source_digest("regret")} if name.startswith("ours") else {}
            try:
                run = play(worker, tool, PROBLEMS[problem], workers, seed)
            except WorkerFault as fault:
                campaign.say(f"regret: {name} failed on {problem}, {workers} workers, seed {seed}: {fault}")
                if isinstance(fault, ToolFault):
                    records.append({**fields, "fault": str(fault), "versions": worker.versions})
                return
            records.append({**fields, **vars(run), "versions": worker.versions})
            campaign.say(
                f"regret: {name}, {problem}, {workers} workers, seed {seed}: "
                f"{at(run.improvements, 30):.2g} / {at(run.improvements, 60):.2g} in {run.wall:.1f} s"
            )


def at(improvements: Sequence[Sequence[float]], evaluation: int) -> float:
    """Least true value among the first evaluations."""
    return min(value for when, value in improvements if when <= evaluation)


def play(worker: Worker, tool: Tool, problem: Problem, workers: int, seed: int) -> Run:
    run, noise = Run(), random.Random(f"noise {seed}")
    worker.call("new", space=problem.space_of(seed), seed=seed, observations=[], workers=workers, **tool.arguments)
    told_best = true_of_told_best = float("inf")
    for count, (token, config) in enumerate(_ended(worker, run, workers, random.Random(seed)), start=1):
        true = problem.function(config)
        told = true + problem.noise * noise.gauss(0.0, 1.0) if problem.noise else true
        answer = worker.call("tell", token=token, value=told)
        run.wall, run.cpu = run.wall + answer.wall, run.cpu + answer.cpu
        if not run.improvements or true < run.improvements[-1][1]:
            run.improvements.append((count, float(f"{true:.6g}")))
        if told < told_best:
            told_best, true_of_told_best = told, true
        if problem.noise and count in MARKS:
            run.recommended[count] = {"observed": true_of_told_best, **_recommended(worker, tool, problem)}
    return run


def _recommended(worker: Worker, tool: Tool, problem: Problem) -> Mapping[str, float]:
    if not tool.recommends:
        return {}
    return {"model": problem.function(worker.call("recommend").result)}


def _ended(worker: Worker, run: Run, workers: int, times: random.Random) -> Iterator[tuple[int, dict[str, Any]]]:
    """Tokens and configurations of trials in the order of their ends; new ones start as workers fall free."""
    out: list[tuple[float, int, Any]] = []
    now, started = 0.0, 0
    for _ in range(EVALUATIONS):
        while len(out) < workers and started < EVALUATIONS:
            asked = worker.call("ask")
            run.wall, run.cpu = run.wall + asked.wall, run.cpu + asked.cpu
            started += 1
            heapq.heappush(out, (now + times.lognormvariate(0.0, 0.7), started, asked.result))
        now, _, (token, config) = heapq.heappop(out)
        yield token, config
