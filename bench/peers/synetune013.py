"""Syne Tune 0.13: BayesianOptimization (FIFO and its own Gaussian process) and MOBSTER, with their defaults."""

from __future__ import annotations

import logging
from typing import Any

from syne_tune.optimizer.baselines import MOBSTER, BayesianOptimization

from bench.peers.synetune_space import config_space, new_trial

logging.disable(logging.WARNING)
# Its debug log prints every suggestion; only that is switched off.
_QUIET = {"debug_log": False}


class GaussianProcess:
    """What was observed before enters as its first suggestions, which it makes from `points_to_evaluate`."""

    def __init__(self, space: Any, seed: int, observations: list[Any], workers: int = 1) -> None:
        given = {"points_to_evaluate": [config for config, _ in observations]} if observations else {}
        self._scheduler = BayesianOptimization(
            config_space(space), metric="y", mode="min", random_seed=seed, search_options=dict(_QUIET), **given
        )
        self._trials: list[Any] = []
        for _, value in observations:
            self.tell(self.ask()[0], value)

    def ask(self) -> tuple[int, dict[str, Any]]:
        token = len(self._trials)
        config = self._scheduler.suggest(token).config
        self._trials.append(new_trial(token, config))
        self._scheduler.on_trial_add(self._trials[token])
        return token, config

    def tell(self, token: int, value: float) -> None:
        result = {"y": value, "epoch": 1}
        self._scheduler.on_trial_result(self._trials[token], result)
        self._scheduler.on_trial_complete(self._trials[token], result)


class Mobster:
    def __init__(self, space: Any, seed: int, observations: list[Any], max_resource: int, workers: int = 1) -> None:
        self._scheduler = MOBSTER(
            config_space(space),
            metric="y",
            mode="min",
            resource_attr="epoch",
            max_t=max_resource,
            grace_period=1,
            reduction_factor=3,
            random_seed=seed,
            search_options=dict(_QUIET),
        )
        # Else it would start with suggestions of its own before it takes those that are given.
        self._scheduler.searcher._points_to_evaluate = []
        self._max_resource = max_resource
        self._trials: list[Any] = []

    def ask(self) -> tuple[int, dict[str, Any]]:
        token = len(self._trials)
        config = self._scheduler.suggest(token).config
        self._trials.append(new_trial(token, config))
        self._scheduler.on_trial_add(self._trials[token])
        return token, config

    def start(self, config: dict[str, Any]) -> int:
        """A trial of a given configuration, which the searcher takes for its own suggestion."""
        self._scheduler.searcher._points_to_evaluate = [config]
        return self.ask()[0]

    def report(self, token: int, resource: int, value: float) -> bool:
        """A result at a resource level; whether the trial goes on."""
        trial, result = self._trials[token], {"y": value, "epoch": resource}
        goes_on: bool = self._scheduler.on_trial_result(trial, result) == "CONTINUE"
        if resource == self._max_resource:
            self._scheduler.on_trial_complete(trial, result)
            return False
        if not goes_on:
            self._scheduler.on_trial_remove(trial)
        return goes_on
