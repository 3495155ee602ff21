"""Part "simulator": trials a second of simulated ASHA.

Protocol: stopping variant with random configurations, eta 3, levels 1 to 27, 4 workers, a table of 1000 x 27, until
500 trials have finished. Ours is a whole job, from its folder to its results; of Syne Tune only `Tuner.run` counts.
Each tool plays a short run first.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.campaign import Campaign
from bench.environments import OURS
from bench.parts.rounds import done, rotated
from bench.tools import Tool, source_digest
from bench.worker import Worker

TRIALS = 500
SIMULATORS: Mapping[str, Tool] = {
    "ours": Tool("ours", OURS, "bench.peers.simulator_ours:Simulator", ("numpy", "pyarrow")),
    "synetune-0.13": Tool(
        "Syne Tune 0.13", "synetune013", "bench.peers.simulator_synetune:Simulator", ("syne-tune", "numpy", "pandas")
    ),
    "synetune-0.16": Tool(
        "Syne Tune 0.16", "torch", "bench.peers.simulator_synetune:Simulator", ("syne-tune", "numpy", "pandas")
    ),
}


def measure(campaign: Campaign) -> None:
    tools = campaign.laboratory.available(SIMULATORS, [name for name in campaign.tools if name in SIMULATORS])
    records, cell = campaign.records("simulator"), {"trials": 50 if campaign.quick else TRIALS}
    workers: dict[str, Worker] = {}
    try:
        for index in range(1 if campaign.quick else campaign.rounds):
            if len(done(records, cell, list(tools), source_digest("simulator"))) > index:
                continue
            workers = workers or {name: _warm(campaign, tool) for name, tool in tools.items()}
            timed = {}
            for name in rotated(list(tools), index):
                workers[name].call("prepare", trials=cell["trials"])
                answer = workers[name].call("run")
                timed[name] = {**answer.result, "wall": round(answer.wall, 5), "cpu": round(answer.cpu, 5)}
            versions = {name: workers[name].versions for name in timed}
            records.append({"cell": cell, "ours": source_digest("simulator"), "tools": timed, "versions": versions})
            campaign.say(f"simulator, round {index + 1}: {timed}")
    finally:
        for worker in workers.values():
            worker.close()


def _warm(campaign: Campaign, tool: Tool) -> Worker:
    worker = campaign.laboratory.start(tool)
    worker.call("new")
    worker.call("prepare", trials=20)
    worker.call("run")
    return worker
