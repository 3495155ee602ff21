"""Part "trials": seconds of wall clock for each finished trial.

Protocol: 40 trials of three reports each that do nothing, 2 workers, random search; a script that imports nothing much
and one that imports torch. Four trials run before the timed ones. `ray.init` is not timed; the warm process of ours
starts anew in the timed run and is. Ratios are of wall clock: tools differ in what they wait for.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.campaign import Campaign
from bench.environments import OURS
from bench.parts.rounds import done, rotated
from bench.tools import Tool, source_digest
from bench.worker import Worker

TRIALS, WORKERS = 40, 2
LIBRARIES = {"trivial": "argparse", "torch": "torch"}
LOOPS: Mapping[str, Tool] = {
    "ours": Tool("ours, forked from a warm process", OURS, "bench.peers.trials_ours:Trials", ()),
    "ours-plain": Tool("ours, plain processes", OURS, "bench.peers.trials_ours:Trials", (), {"warm": False}),
    "synetune-0.13": Tool(
        "Syne Tune 0.13, sleep 0.01 s", "synetune013", "bench.peers.trials_synetune:Trials", ("syne-tune",)
    ),
    "synetune-0.16": Tool(
        "Syne Tune 0.16, sleep 0.01 s", "torch", "bench.peers.trials_synetune:Trials", ("syne-tune",)
    ),
    "ray": Tool("Ray Tune", "ray", "bench.peers.trials_ray:Trials", ("ray",)),
    "ray-reuse": Tool("Ray Tune, reused actors", "ray", "bench.peers.trials_ray:Trials", ("ray",), {"reuse": True}),
}


def measure(campaign: Campaign) -> None:
    chosen = [name for name in LOOPS if name.removesuffix("-reuse").removesuffix("-plain") in campaign.tools]
    tools = campaign.laboratory.available(LOOPS, chosen)
    records = campaign.records("trials")
    for index in range(1 if campaign.quick else campaign.rounds):
        for script, library in LIBRARIES.items():
            cell = {"script": script, "trials": 4 if campaign.quick else TRIALS, "workers": WORKERS}
            if len(done(records, cell, list(tools), source_digest("trials"))) > index:
                continue
            timed, versions = {}, {}
            for name in rotated(list(tools), index):
                with campaign.laboratory.start(tools[name]) as worker:
                    timed[name] = _timed(worker, tools[name], library, int(str(cell["trials"])))
                    versions[name] = worker.versions
            records.append({"cell": cell, "ours": source_digest("trials"), "tools": timed, "versions": versions})
            campaign.say(
                f"trials, {script}, round {index + 1}: " + ", ".join(f"{n} {t['wall']}" for n, t in timed.items())
            )


def _timed(worker: Worker, tool: Tool, library: str, trials: int) -> dict[str, float]:
    worker.call("new", library=library, **tool.arguments)
    worker.call("run", number=4, workers=WORKERS)
    answer = worker.call("run", number=trials, workers=WORKERS)
    if tool.environment == "ray":
        worker.call("end")
    finished = answer.result["finished"]
    return {"finished": finished, "wall": round(answer.wall / finished, 5), "cpu": round(answer.cpu / finished, 5)}
