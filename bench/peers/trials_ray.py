"""Trials of Ray Tune: function trainables, FIFO and random, with or without reuse of the actors (processes)."""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
# Its actors give way to others by default (15), which on a busy machine would count against it.
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - that is its name

import ray
from ray import tune


def _train(config: dict[str, Any]) -> None:
    importlib.import_module(config["library"])
    for epoch in range(1, 4):
        tune.report({"y": (config["x"] - 0.3) ** 2 + 1 / epoch, "epoch": epoch})


class Trials:
    """`ray.init` is not part of what is timed."""

    def __init__(self, library: str, reuse: bool = False) -> None:
        self._space = {"x": tune.uniform(0, 1), "library": library}
        self._reuse = reuse
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)

    def run(self, number: int, workers: int) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            results = tune.Tuner(
                _train,
                param_space=self._space,
                tune_config=tune.TuneConfig(
                    metric="y",
                    mode="min",
                    num_samples=number,
                    max_concurrent_trials=workers,
                    reuse_actors=self._reuse,
                ),
                run_config=tune.RunConfig(verbose=0, storage_path=folder),
            ).fit()
        return {"finished": len(results) - len(results.errors)}

    def end(self) -> None:
        ray.shutdown()
