"""SMAC3: random forest and expected improvement (M. Lindauer et al., JMLR 23(54), 2022)."""

from __future__ import annotations

import tempfile
import warnings
from typing import Any

from harness.core.seeds import numpy_seeded
from harness.registry import required
from harness.searchers.external import Axis, Data, ExternalSearcher, Point

# It wants a number of trials to end at; none of ours gets there.
ENDLESS = 10**6


class Smac(ExternalSearcher):
    """SMAC's `HyperparameterOptimizationFacade`, asked once; every trial is evaluated once (its `deterministic`)."""

    def propose(self, data: Data, seed: int) -> Point:
        spaces, smac = required("ConfigSpace", "smac"), required("smac", "smac")
        facade = smac.HyperparameterOptimizationFacade
        infos = required("smac.runhistory.dataclasses", "smac")
        space = spaces.ConfigurationSpace(seed=seed)
        space.add([_hyperparameter(spaces, name, axis) for name, axis in zip(self._names(), self.axes, strict=True)])
        told = [self._configuration(spaces, space, point) for point in data.points]
        pending = [self._configuration(spaces, space, point) for point in data.pending]
        with warnings.catch_warnings(), numpy_seeded(seed), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            scenario = smac.Scenario(space, deterministic=True, n_trials=ENDLESS, seed=seed, output_directory=folder)
            # The initial design is what is known already: one known configuration says so.
            design = facade.get_initial_design(scenario, n_configs=0, additional_configs=told[:1])
            optimizer = facade(scenario, None, initial_design=design, overwrite=True, logging_level=False)
            for configuration, loss in zip(told, data.losses, strict=True):
                info = infos.TrialInfo(configuration, seed=0)
                optimizer.tell(info, infos.TrialValue(cost=loss), save=False)
            for configuration in pending:
                optimizer.runhistory.add_running_trial(infos.TrialInfo(configuration, seed=0))
            asked = dict(optimizer.ask().config)
        return [asked[name] for name in self._names()]

    def _names(self) -> list[str]:
        return [f"x{index}" for index in range(len(self.axes))]

    def _configuration(self, spaces: Any, space: Any, point: Point) -> Any:
        return spaces.Configuration(space, values=dict(zip(self._names(), point, strict=True)))


def _hyperparameter(spaces: Any, name: str, axis: Axis) -> Any:
    if axis.kind == "float":
        return spaces.Float(name, (axis.lower, axis.upper), log=axis.log)
    if axis.kind == "int":
        return spaces.Integer(name, (int(axis.lower), int(axis.upper)), log=axis.log)
    return spaces.Categorical(name, list(range(int(axis.upper) + 1)))
