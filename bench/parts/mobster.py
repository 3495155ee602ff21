"""Part "mobster": seconds that a suggestion of MOBSTER takes.

Protocol: ASHA (stopping), eta 3, levels 1 to 81, on the mixed space. Random configurations are run one after the
other under the tool's own stopping rule until n values at rung levels exist; then it is asked four times, and each
suggestion is run. The first is kept apart. Curves fall as 0.6 epoch^-0.7 to the value of the test function.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from bench.campaign import Campaign
from bench.parts.latency import append, brief
from bench.parts.rounds import done, rotated
from bench.problems import MIXED, draw, mixed6
from bench.tools import MOBSTER, Tool, source_digest
from bench.worker import Worker

SIZES = (50, 100, 200, 400, 800)
RUNGS = (1, 3, 9, 27, 81)
_REPEATS = 4


def measure(campaign: Campaign) -> None:
    tools = campaign.laboratory.available(MOBSTER, [name for name in campaign.tools if name in MOBSTER])
    records = campaign.records("searchers")
    for index in range(1 if campaign.quick else campaign.rounds):
        for size in SIZES[: 1 if campaign.quick else None]:
            cell = {"rung observations": size}
            if len(done(records, cell, list(tools), source_digest("searchers"))) > index:
                continue
            timed, workers = {}, {}
            for name in rotated(list(tools), index):
                with campaign.laboratory.start(tools[name]) as worker:
                    timed[name] = suggestions(worker, tools[name], size)
                    workers[name] = worker
            append(campaign, cell, timed, workers, {})
            campaign.say(f"MOBSTER, round {index + 1}, {size} rung observations: {brief(timed)}")


def suggestions(worker: Worker, tool: Tool, size: int) -> dict[str, Any]:
    worker.call("new", space=MIXED, seed=0, observations=[], max_resource=RUNGS[-1], **tool.arguments)
    generator = random.Random(size)
    seen = trials = 0
    while seen < size:
        config = draw(MIXED, generator)
        seen += run_trial(worker, worker.call("start", config=config).result, config)
        trials += 1
    wall, cpu = [], []
    for _ in range(_REPEATS):
        asked = worker.call("ask")
        wall.append(round(asked.wall, 6))
        cpu.append(round(asked.cpu, 6))
        run_trial(worker, *asked.result)
    return {"wall": wall, "cpu": cpu, "trials": trials, "seen": seen}


def run_trial(worker: Worker, token: int, config: Mapping[str, Any]) -> int:
    """Report level after level until the tool stops the trial; returns the values at rung levels."""
    base, seen = mixed6(config), 0
    for epoch in range(1, RUNGS[-1] + 1):
        goes_on = worker.call("report", token=token, resource=epoch, value=base + 0.6 * epoch**-0.7).result
        seen += epoch in RUNGS
        if not goes_on:
            break
    return seen
