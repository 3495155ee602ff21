"""A simulated experiment of ours: a job's folder to its outcome, results and logs written as always."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from bench.peers.table import EPOCHS, table
from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.tuner.run_job import run_job


class Simulator:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._root = Path(self._folder.name)
        self._runs = 0
        grid, errors, seconds = table()
        columns = {name: np.repeat(grid[:, index], EPOCHS) for index, name in enumerate("abc")}
        columns |= {"epoch": np.tile(np.arange(1, EPOCHS + 1), len(grid))}
        columns |= {"err": errors.ravel(), "elapsed": seconds.ravel()}
        pyarrow.parquet.write_table(pyarrow.table(columns), self._root / "table.parquet")
        description = {
            "hyperparameters": {name: {"type": "randint", "lower": 0, "upper": 9} for name in "abc"},
            "resource": "epoch",
            "elapsed_time": "elapsed",
            "metrics": {"err": "min"},
        }
        (self._root / "table.yaml").write_text(json.dumps(description))

    def prepare(self, trials: int) -> None:
        """Plan the next run, which is not timed: it can happen on another machine.

        Ours counts a trial as finished when it has reached the last level, which about one in 17 does.
        """
        settings = {
            "benchmark_name": "table",
            "table": str(self._root / "table.parquet"),
            "backend": "simulated",
            "scheduler": "hyperband_stopping",
            "num_workers": 4,
            "num_trials": round(trials / 17),
        }
        (job,) = build(Raw(settings), 0).jobs()
        self._job = self._root / f"run{self._runs}"
        self._runs += 1
        self._job.mkdir()
        write_job(JobDir(self._job), job)

    def run(self) -> dict[str, Any]:
        """Loads the table and plays the job."""
        code = run_job(self._job, {"table": self._root})
        if code:
            raise RuntimeError(f"the experiment ended with code {code}")
        status = json.loads((self._job / "status.json").read_text())
        return {"trials": sum(status["trials"].values()), "results": status["num_results"]}
