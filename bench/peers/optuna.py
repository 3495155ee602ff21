"""Optuna's samplers with their defaults. What they observed before enters as completed trials of the study."""

from __future__ import annotations

from typing import Any

import optuna


def _distribution(spec: Any) -> optuna.distributions.BaseDistribution:
    kinds = optuna.distributions
    if spec[0] == "cat":
        return kinds.CategoricalDistribution(spec[1])
    kind, lower, upper = spec
    if kind == "logint":
        return kinds.IntDistribution(lower, upper, log=True)
    return kinds.FloatDistribution(lower, upper, log=kind == "log")


class Optuna:
    def __init__(
        self, space: Any, seed: int, observations: list[Any], sampler: str = "GPSampler", workers: int = 1
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._distributions = {name: _distribution(spec) for name, spec in space.items()}
        self._study = optuna.create_study(sampler=getattr(optuna.samplers, sampler)(seed=seed))
        self._study.add_trials(
            [
                optuna.trial.create_trial(params=config, distributions=self._distributions, value=value)
                for config, value in observations
            ]
        )
        self._out: dict[int, optuna.Trial] = {}

    def ask(self) -> tuple[int, dict[str, Any]]:
        trial = self._study.ask(self._distributions)
        self._out[trial.number] = trial
        return trial.number, dict(trial.params)

    def tell(self, token: int, value: float) -> None:
        self._study.tell(self._out.pop(token), value)
