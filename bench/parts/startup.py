"""Part "startup": wall clock of fresh processes that import a package, or print a help text.

Interleaved; the first pass warms the file cache and is not recorded.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.campaign import Campaign
from bench.environments import OURS, interpreter
from bench.parts.rounds import done, rotated
from bench.parts.trials import LOOPS
from bench.tools import TOOLS, source_digest
from bench.worker import ROOT

PASSES = 7


@dataclass(frozen=True)
class Start:
    environment: str
    arguments: tuple[str, ...]


def _code(environment: str, code: str) -> Start:
    return Start(environment, ("-c", code))


STARTS = {
    "interpreter": _code(OURS, "pass"),
    "numpy": _code(OURS, "import numpy"),
    "ours: harness": _code(OURS, "import harness"),
    "ours: reporter, in every trial": _code(OURS, "from harness.reporter import Reporter"),
    "ours: bayesopt with its first model": _code(OURS, "import harness.tuner.ask_tell, harness.searchers.proposer"),
    "ours: harness --help": Start(OURS, ("-m", "harness", "--help")),
    "ours: harness launch --help": Start(OURS, ("-m", "harness", "launch", "--help")),
    "Syne Tune 0.13": _code("synetune013", "import syne_tune"),
    "Syne Tune 0.13: reporter, in every trial": _code("synetune013", "from syne_tune import Reporter"),
    "Syne Tune 0.13: BO and MOBSTER": _code(
        "synetune013", "from syne_tune.optimizer.baselines import MOBSTER, BayesianOptimization"
    ),
    "Syne Tune 0.16": _code("torch", "import syne_tune"),
    "Syne Tune 0.16: reporter, in every trial": _code("torch", "from syne_tune import Reporter"),
    "Optuna": _code("torch", "import optuna"),
    "Optuna: GP sampler": _code("torch", "import optuna; import optuna._gp.gp, optuna._gp.acqf"),
    "scikit-optimize": _code("skopt", "import skopt"),
    "Ax: client": _code("ax", "from ax.api.client import Client"),
    "HEBO": _code("hebo", "from hebo.optimizers.hebo import HEBO"),
    "Ray Tune": _code("ray", "from ray import tune"),
}


def measure(campaign: Campaign) -> None:
    chosen = {OURS, *(tool.environment for name, tool in {**TOOLS, **LOOPS}.items() if name in campaign.tools)}
    there_is = {name for name in chosen if campaign.laboratory.has(name)}
    starts = {name: start for name, start in STARTS.items() if start.environment in there_is}
    records, names = campaign.records("startup"), list(starts)
    passes = 1 if campaign.quick else PASSES
    there = len(done(records, {}, names, source_digest("startup")))
    for index in range(there, passes + 1 if there < passes else 0):
        timed = {name: _seconds(campaign, starts[name]) for name in rotated(names, index)}
        if index > there:
            tools = {name: {"wall": round(seconds, 5)} for name, seconds in timed.items() if seconds is not None}
            records.append({"cell": {}, "ours": source_digest("startup"), "tools": tools})
    campaign.say(f"startup: {passes} passes over {len(names)} commands")


def _seconds(campaign: Campaign, start: Start) -> float | None:
    """None where the command fails, which is said."""
    command: Sequence[str] = (str(interpreter(start.environment, campaign.say)), *start.arguments)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} if start.environment == OURS else dict(os.environ)
    started = time.perf_counter()
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if result.returncode:
        campaign.say(f"startup: {' '.join(command)} failed: {''.join(result.stderr.splitlines()[-1:])}")
        return None
    return seconds
