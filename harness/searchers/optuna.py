"""Optuna's samplers."""

from __future__ import annotations

import contextlib
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from harness.registry import required
from harness.searchers.external import Axis, Data, ExternalSearcher, Point


class _Optuna(ExternalSearcher):
    """A study made of the history, asked once."""

    @abstractmethod
    def sampler(self, optuna: Any, seed: int) -> Any:
        """The sampler that is asked; `optuna`: the package."""

    def propose(self, data: Data, seed: int) -> Point:
        with quiet("optuna") as optuna:
            distributions = distributions_of(optuna, self.axes)
            study = optuna.create_study(sampler=self.sampler(optuna, seed))
            for point, loss in zip(data.points, data.losses, strict=True):
                study.add_trial(
                    optuna.create_trial(value=loss, params=named(self.axes, point), distributions=distributions)
                )
            running = optuna.trial.TrialState.RUNNING
            for point in data.pending:
                trial = optuna.create_trial(state=running, params=named(self.axes, point), distributions=distributions)
                study.add_trial(trial)
            params = study.ask(distributions).params
        return [params[axis.name] for axis in self.axes]


class OptunaTpe(_Optuna):
    """Tree-structured Parzen estimator (J. Bergstra et al., NeurIPS 2011), running trials counted as bad."""

    def sampler(self, optuna: Any, seed: int) -> Any:
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=0, constant_liar=True)


class OptunaGp(_Optuna):
    """Gaussian process with log expected improvement."""

    def sampler(self, optuna: Any, seed: int) -> Any:
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=0)


@contextlib.contextmanager
def quiet(extra: str) -> Iterator[Any]:
    """The package, without its notes on each trial and on what it calls experimental."""
    optuna = required("optuna", extra)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield optuna


def distributions_of(optuna: Any, axes: Sequence[Axis]) -> dict[str, Any]:
    return {axis.name: _distribution(optuna.distributions, axis) for axis in axes}


def named(axes: Sequence[Axis], point: Point) -> dict[str, float | int]:
    return {axis.name: coordinate for axis, coordinate in zip(axes, point, strict=True)}


def _distribution(distributions: Any, axis: Axis) -> Any:
    if axis.kind == "float":
        return distributions.FloatDistribution(axis.lower, axis.upper, log=axis.log)
    if axis.kind == "int":
        return distributions.IntDistribution(int(axis.lower), int(axis.upper), log=axis.log)
    return distributions.CategoricalDistribution(list(range(int(axis.upper) + 1)))
