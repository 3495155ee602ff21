"""Syne Tune 0.16: BOTorch, with its defaults."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from syne_tune.optimizer.baselines import BOTorch

from bench.peers.synetune_space import config_space, new_trial

logging.disable(logging.WARNING)


class BoTorch:
    def __init__(self, space: Any, seed: int, observations: list[Any], workers: int = 1) -> None:
        np.random.seed(seed)  # noqa: NPY002 - its random draws use the global generator
        given = [config for config, _ in observations] or None
        self._scheduler = BOTorch(
            config_space(space), metric="y", do_minimize=True, random_seed=seed, points_to_evaluate=given
        )
        self._trials: list[Any] = []
        for _, value in observations:
            self.tell(self.ask()[0], value)

    def ask(self) -> tuple[int, dict[str, Any]]:
        token = len(self._trials)
        config = self._scheduler.suggest().config
        self._trials.append(new_trial(token, config))
        self._scheduler.on_trial_add(self._trials[token])
        return token, config

    def tell(self, token: int, value: float) -> None:
        result = {"y": value, "epoch": 1}
        self._scheduler.on_trial_result(self._trials[token], result)
        self._scheduler.on_trial_complete(self._trials[token], result)
