"""Ax's client with its defaults. The noise of the values is left for it to infer."""

from __future__ import annotations

import logging
from typing import Any

from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

logging.disable(logging.WARNING)


def _parameter(name: str, spec: Any) -> Any:
    if spec[0] == "cat":
        return ChoiceParameterConfig(name=name, values=spec[1], parameter_type="str", is_ordered=False)
    return RangeParameterConfig(
        name=name,
        bounds=(spec[1], spec[2]),
        parameter_type="int" if spec[0] == "logint" else "float",
        scaling="linear" if spec[0] == "float" else "log",
    )


class Ax:
    def __init__(self, space: Any, seed: int, observations: list[Any], workers: int = 1) -> None:
        self._client = Client(random_seed=seed)
        self._client.configure_experiment([_parameter(name, spec) for name, spec in space.items()])
        self._client.configure_optimization("-y")
        for config, value in observations:
            self.tell(self._client.attach_trial(config), value)

    def ask(self) -> tuple[int, dict[str, Any]]:
        ((token, config),) = self._client.get_next_trials(max_trials=1).items()
        return token, dict(config)

    def tell(self, token: int, value: float) -> None:
        self._client.complete_trial(token, raw_data={"y": value})

    def recommend(self) -> dict[str, Any]:
        """The best by its model's prediction, which is what the client hands out."""
        config, _, _, _ = self._client.get_best_parameterization()
        return dict(config)
