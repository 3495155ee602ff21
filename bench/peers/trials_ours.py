"""Trials of ours: a whole job with the local back-end, a process for each trial, forked or started anew."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import benchmark_factory
from harness.backends.sharing import VARIABLE, SharedImports
from harness.benchmark import Benchmark, BenchmarkOptions, Calling
from harness.cli.prepare import shared_imports
from harness.core.domains import uniform
from harness.core.problem import Problem
from harness.core.space import Space
from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.options import arg
from harness.plan.build import build
from harness.plan.job import write_job
from harness.registry import Plugin
from harness.tuner.run_job import run_job

_SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "train_harness.py"
DEFAULTS: Mapping[str, Any] = {"max_resource_level": 3}


class TrialOptions(BenchmarkOptions):
    library: str = arg("argparse", "what the training script imports")


def define(options: TrialOptions, max_resource_level: int) -> Benchmark:
    """A benchmark that does nothing, three times a trial."""
    problem = Problem(Space({"x": uniform(0, 1), "library": options.library}), "y", "min", "epoch", max_resource_level)
    return Benchmark(_SCRIPT, problem, calling=Calling(preload=(options.library, "harness.reporter")))


# In this process alone: users are not to be offered it.
benchmark_factory.BENCHMARKS = {
    **benchmark_factory.BENCHMARKS,
    "nothing": Plugin("bench.peers.trials_ours:define", "bench.peers.trials_ours:TrialOptions", "does nothing"),
}


class Trials:
    """Args:
    library: what the training script imports.
    warm: fork trials from a process that has imported it.
    sweep: the imports are shared by all runs, as by the jobs of a sweep in plain processes.
    """

    def __init__(self, library: str, warm: bool = True, sweep: bool = False) -> None:
        self._settings = {"benchmark_name": "nothing", "library": library, "no_warm_workers": not warm}
        self._shared = SharedImports() if sweep else None

    def run(self, number: int, workers: int) -> dict[str, Any]:
        asked = {"scheduler": "fifo", "searcher": "random", "num_trials": number, "num_workers": workers}
        (job,) = build(Raw({**self._settings, **asked}), 0).jobs()
        with tempfile.TemporaryDirectory() as folder:
            write_job(JobDir(Path(folder)), job)
            if self._shared is not None:
                imports = shared_imports(Path(folder), os.environ)
                offered = self._shared.offer(imports) if imports is not None else None
                if offered is None:
                    raise RuntimeError("there are no imports to share")
                os.environ[VARIABLE] = str(offered.detach())
            code = run_job(Path(folder), {})
            if code:
                raise RuntimeError(f"the experiment ended with code {code}")
            status = json.loads((Path(folder) / "status.json").read_text())
        return {"finished": status["trials"]["Completed"]}
