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
        spaces = required("ConfigSpace", "smac")
        space = spaces.ConfigurationSpace(seed=seed)
        space.add([_hyperparameter(spaces, name, axis) for name, axis in zip(self._names(), self.axes, strict=True)])
        told = [self._configuration(spaces, space, point) for point in data.points]
        pending = [self._configuration(spaces, space, point) for point in data.pending]
        with warnings.catch_warnings(), numpy_seeded(seed), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            smac, infos = required("smac", "smac"), required("smac.runhistory.dataclasses", "smac")
            facade = smac.HyperparameterOptimizationFacade
            scenario = smac.Scenario(space, deterministic=True, n_trials=ENDLESS, seed=seed, output_directory=folder)
            # The initial design is what is known already: one known configuration says so.
            design = facade.get_initial_design(scenario, n_configs=0, additional_configs=told[:1])
            forest = _forest(space, len(told), seed)
            optimizer = facade(scenario, None, model=forest, initial_design=design, overwrite=True, logging_level=False)
            for configuration, loss in zip(told, data.losses, strict=True):
                info = infos.TrialInfo(configuration, seed=0)
                optimizer.tell(info, infos.TrialValue(cost=loss), save=False)
            for configuration in pending:
                optimizer.runhistory.add_running_trial(infos.TrialInfo(configuration, seed=0))
            # Threads for trees of a few hundred rows cost far more than they save.
            with required("joblib", "smac").parallel_config(backend="sequential"):
                try:
                    asked = dict(optimizer.ask().config)
                except required("smac.main.exceptions", "smac").ConfigurationSpaceExhaustedException:
                    return data.points[0]  # tried before, so that a random one takes its place
        return [asked[name] for name in self._names()]

    def _names(self) -> list[str]:
        return [f"x{index}" for index in range(len(self.axes))]

    def _configuration(self, spaces: Any, space: Any, point: Point) -> Any:
        return spaces.Configuration(space, values=dict(zip(self._names(), point, strict=True)))


def _forest(space: Any, count: int, seed: int) -> Any:
    """The facade's forest without its room for a million leaves in each tree, which took most of the time."""
    return required("smac.model.random_forest", "smac").RandomForest(
        space,
        n_trees=10,
        ratio_features=1.0,
        min_samples_split=2,
        min_samples_leaf=1,
        max_leaf_nodes=2 * count,
        log_y=True,
        seed=seed,
    )


def _hyperparameter(spaces: Any, name: str, axis: Axis) -> Any:
    if axis.kind == "float":
        return spaces.Float(name, (axis.lower, axis.upper), log=axis.log)
    if axis.kind == "int":
        return spaces.Integer(name, (int(axis.lower), int(axis.upper)), log=axis.log)
    return spaces.Categorical(name, list(range(int(axis.upper) + 1)))
