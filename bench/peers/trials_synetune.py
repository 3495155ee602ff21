"""Trials of Syne Tune, 0.13 or 0.16: its Tuner and LocalBackend, a process for each trial."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import syne_tune
from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend import LocalBackend
from syne_tune.config_space import uniform
from syne_tune.optimizer.baselines import RandomSearch

logging.disable(logging.WARNING)
_SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "train_synetune.py"
_OLD = syne_tune.__version__.startswith("0.13")


class Trials:
    """Args:
    library: what the training script imports.
    sleep: seconds between looks at the trials; its default is 5, with which nothing else would be seen.
    """

    def __init__(self, library: str, sleep: float = 0.01) -> None:
        self._space = {"x": uniform(0, 1), "library": library}
        self._sleep = sleep

    def run(self, number: int, workers: int) -> dict[str, Any]:
        line = {"metric": "y", "mode": "min"} if _OLD else {"metrics": ["y"], "do_minimize": True}
        # It writes into its results' folder, and into the current one.
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            os.environ["SYNETUNE_FOLDER"] = folder
            tuner = Tuner(
                trial_backend=LocalBackend(entry_point=str(_SCRIPT)),
                scheduler=RandomSearch(self._space, random_seed=1, **line),
                stop_criterion=StoppingCriterion(max_num_trials_finished=number),
                n_workers=workers,
                sleep_time=self._sleep,
                tuner_name=f"bench{time.time_ns()}",
            )
            tuner.run()
        states = tuner.tuning_status.last_trial_status_seen.values()
        return {"finished": sum(str(state).lower().endswith("completed") for state in states)}
