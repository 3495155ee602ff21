"""Part "trials": seconds of wall clock for each finished trial.

Protocol: 40 trials of three reports each that do nothing, 2 workers, random search; a script that imports nothing much
and one that imports torch. Four trials run before the timed ones. `ray.init` is not timed; the warm process of ours and
Ray's actors start anew in the timed run, with their imports, and are: most of what 40 trials with torch take. What a
trial itself takes shows where there are 400. In a sweep in plain processes, our jobs share the imports: there they are
done before the timed run, and its CPU time leaves out that of its trials. The trivial script has no imports of its own,
so all of its time is overhead. Ratios are of wall clock: tools differ in what they wait for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bench.campaign import Campaign
from bench.environments import OURS
from bench.parts.rounds import done, rotated
from bench.tools import Tool, source_digest
from bench.worker import Worker, WorkerFault

WORKERS = 2
_WARM = ("ours", "ours-sweep", "ray-reuse")
LOOPS: Mapping[str, Tool] = {
    "ours": Tool("ours, forked from a warm process", OURS, "bench.peers.trials_ours:Trials", ()),
    "ours-sweep": Tool(
        "ours, forked, in a sweep whose jobs share imports", OURS, "bench.peers.trials_ours:Trials", (), {"sweep": True}
    ),
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


@dataclass(frozen=True)
class Course:
    """Attributes:
    library: what the script imports.
    tools: names of those that are measured.
    """

    library: str
    trials: int = 40
    tools: Collection[str] = tuple(LOOPS)


COURSES: Mapping[str, Course] = {
    "trivial": Course("argparse"),
    "torch": Course("torch"),
    "torch, 400 trials": Course("torch", 400, _WARM),
}


def measure(campaign: Campaign) -> None:
    chosen = [name for name in LOOPS if name in campaign.tools or name.rpartition("-")[0] in campaign.tools]
    tools = campaign.laboratory.available(LOOPS, chosen)
    records = campaign.records("trials")
    for index in range(1 if campaign.quick else campaign.rounds):
        for script, course in COURSES.items():
            cell = {"script": script, "trials": 4 if campaign.quick else course.trials, "workers": WORKERS}
            running = [name for name in tools if name in course.tools]
            if running and len(done(records, cell, running, source_digest("trials"))) <= index:
                fields = _round(campaign, {name: tools[name] for name in rotated(running, index)}, cell)
                records.append({"cell": cell, "ours": source_digest("trials"), **fields})
                campaign.say(f"trials, {script}, round {index + 1}: {fields['tools']}")


def _round(campaign: Campaign, tools: Mapping[str, Tool], cell: Mapping[str, Any]) -> dict[str, Any]:
    """One that fails, as on a machine too busy for its time-outs, is left out."""
    timed, versions, left_out = {}, {}, {}
    for name, tool in tools.items():
        try:
            with campaign.laboratory.start(tool) as worker:
                timed[name] = _timed(worker, tool, COURSES[cell["script"]].library, cell["trials"])
                versions[name] = worker.versions
        except WorkerFault as fault:
            left_out[name] = str(fault)
            campaign.say(f"trials: {name} failed: {fault}")
    return {"tools": timed, "versions": versions, "left_out": left_out}


def _timed(worker: Worker, tool: Tool, library: str, trials: int) -> dict[str, float]:
    worker.call("new", library=library, **tool.arguments)
    worker.call("run", number=4, workers=WORKERS)
    answer = worker.call("run", number=trials, workers=WORKERS)
    if tool.environment == "ray":
        worker.call("end")
    finished = answer.result["finished"]
    return {"finished": finished, "wall": round(answer.wall / finished, 5), "cpu": round(answer.cpu / finished, 5)}
