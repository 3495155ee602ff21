"""Trials of ours: the tuning loop and its local back-end, a process for each trial, forked or started anew."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from harness import plugins
from harness.benchmark import Benchmark, Calling
from harness.core.domains import uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Space
from harness.core.trial import Status
from harness.jobdir import JobDir
from harness.results.recorder import Recorder
from harness.tuner.loop import Tuner
from harness.tuner.stopping import StoppingCriterion

_SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "train_harness.py"


class Trials:
    """Args:
    library: what the training script imports.
    warm: fork trials from a process that has imported it.
    """

    def __init__(self, library: str, warm: bool = True) -> None:
        problem = Problem(Space({"x": uniform(0, 1), "library": library}), "y", "min", resource_attr="epoch")
        self._benchmark = Benchmark(_SCRIPT, problem, calling=Calling(preload=(library, "harness.reporter")))
        self._options = plugins.BACKENDS["local"].load_options()(no_warm_workers=not warm)

    def run(self, number: int, workers: int) -> dict[str, Any]:
        problem = self._benchmark.problem
        history, context = History(problem), Context(problem, 1, workers)
        scheduler, searcher = plugins.SCHEDULERS["fifo"], plugins.SEARCHERS["random"]
        backend = plugins.BACKENDS["local"].load()
        with tempfile.TemporaryDirectory() as folder:
            job = JobDir(Path(folder))
            recorder = Recorder(job, problem.space.constants, 30.0)
            tuner = Tuner(
                history=history,
                scheduler=scheduler.load()(context, scheduler.load_options()()),
                searcher=searcher.load()(context, searcher.load_options()()),
                backend=backend.for_job(self._benchmark, job, self._options, {}, 1),
                stopping=StoppingCriterion(None, number, 1),
                num_workers=workers,
                listeners=(recorder,),
                caps_starts=True,
            )
            tuner.run()
            recorder.close()
        return {"finished": history.count(Status.COMPLETED)}
