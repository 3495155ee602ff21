"""Curves of configurations that are in no table, predicted by a regressor that was fitted to those that are.

A curve is one vector: its length, and at each level of the table the seconds since the level before and all metrics.
Several trainings of one configuration count as their mean. What has no value is filled in before the fit: after the
end of a curve its last values, for a NaN the worst value of its column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np

from harness.blackbox.tables import Curve, Table
from harness.core.space import Config
from harness.errors import EnvironmentFault

SurrogateName = Literal["none", "knn", "forest", "extra_trees"]

# scikit-learn's defaults, but for the weights: a configuration of the table gets its own curve.
NEIGHBOURS = 5
TREES = 100


def _knn(count: int) -> Any:
    from sklearn.neighbors import KNeighborsRegressor

    return KNeighborsRegressor(n_neighbors=min(NEIGHBOURS, count), weights="distance", algorithm="brute")


def _forest(count: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=TREES, random_state=0)


def _extra_trees(count: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(n_estimators=TREES, random_state=0)


# Name -> regressor for a table of so many configurations.
REGRESSORS: Mapping[str, Callable[[int], Any]] = {"knn": _knn, "forest": _forest, "extra_trees": _extra_trees}


class Surrogate:
    """Predicts whole curves. The regressor is fitted with the first one that is asked for.

    Args:
        name: key of `REGRESSORS`.
        modes: metric -> "min" or "max", in the order of the table.
    """

    def __init__(self, table: Table, name: str, modes: Mapping[str, str]) -> None:
        self._table = table
        self._name = name
        self._modes = modes
        self._known: dict[bytes, Curve] = {}

    def play(self, config: Config, draw: Callable[[int], int]) -> Curve:
        """The predicted curve of `config`, the same at every call."""
        row = self._table.encoder.encode(config)
        key = row.tobytes()
        if key not in self._known:
            self._known[key] = self._curve(self._fitted.predict(row[None])[0])
        return self._known[key]

    @cached_property
    def _levels(self) -> np.ndarray:
        """All levels of the table, ascending."""
        return np.unique(np.concatenate([self._table.curve(number).levels for number in range(self._table.count)]))

    @cached_property
    def _fitted(self) -> Any:
        try:
            regressor = REGRESSORS[self._name](len(self._table))
        except ImportError:
            raise EnvironmentFault(
                f"blackbox_surrogate {self._name} needs scikit-learn, which is not installed here",
                hint="pip install -e '.[surrogates]'",
            ) from None
        targets = np.stack([self._mean(position) for position in range(len(self._table))])
        return regressor.fit(self._table.configurations(), self._without_gaps(targets))

    def _mean(self, position: int) -> np.ndarray:
        """Vector of a configuration: number of levels, then (levels, 1 + metrics) flattened, NaN where unknown."""
        curves = [self._vector(self._table.curve(number)) for number in self._table.curves_of(position)]
        return np.asarray(np.mean(curves, axis=0))

    def _vector(self, curve: Curve) -> np.ndarray:
        metrics = curve.columns[len(curve.columns) - len(self._modes) :]
        at = np.searchsorted(curve.levels, self._levels).clip(max=len(curve.levels) - 1)
        seconds = np.asarray(curve.seconds)[at]
        values = np.column_stack([np.diff(seconds, prepend=0.0), *(np.asarray(column)[at] for column in metrics)])
        length = np.searchsorted(self._levels, curve.levels[-1]) + 1
        return np.concatenate(([length], values.ravel()))

    def _without_gaps(self, targets: np.ndarray) -> np.ndarray:
        values = targets[:, 1:].reshape(len(targets), len(self._levels), -1)
        for index, mode in enumerate(self._modes.values(), start=1):
            column = values[:, :, index]
            finite = column[np.isfinite(column)]
            worst = (finite.max() if mode == "min" else finite.min()) if len(finite) else 0.0
            column[~np.isfinite(column)] = worst
        return targets

    def _curve(self, vector: np.ndarray) -> Curve:
        length = round(vector[0])
        values = vector[1:].reshape(len(self._levels), -1)[:length]
        levels, seconds = self._levels[:length].tolist(), np.cumsum(values[:, 0]).tolist()
        columns = [seconds, *values[:, 1:].T.tolist()]
        names = self._table.names
        return Curve(levels, seconds, names, [levels, *columns] if len(names) > len(columns) else columns)
