"""Syne Tune's simulator back-end, 0.13 or 0.16: `Tuner.run` alone; imports and table do not count."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
import pandas as pd
import syne_tune
from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular
from syne_tune.blackbox_repository.simulated_tabular_backend import UserBlackboxBackend
from syne_tune.config_space import randint
from syne_tune.optimizer.baselines import ASHA

from bench.peers.table import EPOCHS, table

logging.disable(logging.WARNING)
_OLD = syne_tune.__version__.startswith("0.13")
_ASHA: dict[str, Any] = {"metric": "err", "max_t": EPOCHS, "grace_period": 1, "reduction_factor": 3, "random_seed": 0}
_LINE: dict[str, Any] = (
    {
        "mode": "min",
        "resource_attr": "epoch",
        "search_options": {"debug_log": False, "allow_duplicates": True},
    }
    if _OLD
    else {"do_minimize": True, "time_attr": "epoch"}
)


class Simulator:
    def __init__(self) -> None:
        grid, errors, seconds = table()
        self._space = {name: randint(0, 9) for name in "abc"}
        self._blackbox = BlackboxTabular(
            hyperparameters=pd.DataFrame(grid, columns=list("abc")),
            configuration_space=self._space,
            fidelity_space={"epoch": randint(1, EPOCHS)},
            objectives_evaluations=np.stack([errors, seconds], -1)[:, None],
            objectives_names=["err", "elapsed"],
        )

    def prepare(self, trials: int) -> None:
        self._tuner = Tuner(
            trial_backend=UserBlackboxBackend(blackbox=self._blackbox, elapsed_time_attr="elapsed", seed=0),
            scheduler=ASHA(self._space, **_ASHA, **_LINE),
            stop_criterion=StoppingCriterion(max_num_trials_finished=trials),
            n_workers=4,
            sleep_time=0,
            callbacks=[SimulatorCallback()],
            tuner_name=f"bench{time.time_ns()}",
            results_update_interval=600,
            print_update_interval=600,
        )

    def run(self) -> dict[str, Any]:
        self._tuner.run()
        seen = self._tuner.tuning_status.last_trial_status_seen
        return {"trials": len(seen), "results": len(self._tuner.callbacks[0].results)}
