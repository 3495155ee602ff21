"""Learning curves of many configurations, read from a Parquet file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from harness.blackbox.columns import Coded, coded, densified, encoded, numbers
from harness.blackbox.description import Description
from harness.blackbox.files import read_columns
from harness.blackbox.lookup import Nearest
from harness.core.encode import Encoder
from harness.core.space import Config
from harness.errors import UsageError


class Curve(NamedTuple):
    """The rows of one training, by ascending level.

    Attributes:
        levels: resource levels; [1] where the table has no resource.
        seconds: since the start of the trial.
        names, columns: what a report holds, and the values of each.
    """

    levels: Sequence[int]
    seconds: Sequence[float]
    names: Sequence[str]
    columns: Sequence[Sequence[Any]]

    def report(self, position: int) -> dict[str, Any]:
        return dict(zip(self.names, [column[position] for column in self.columns], strict=True))


class Blackbox(Protocol):
    """What trials are played back from."""

    def play(self, config: Config, draw: Callable[[int], int]) -> Curve:
        """The curve that stands for a trial of `config`.

        Args:
            draw: n -> one of 0 .. n-1, asked where there are n > 1 curves to choose from.
        """
        ...


class Table:
    """Curves, grouped by configuration; a configuration has one for each of its seeds.

    Args:
        levels, seconds: of all rows, curve after curve.
        resource, elapsed_time: what reports call these; `resource` None for reports without a level.
        metrics: name -> values of all rows.
        bounds: shape (curves + 1,), where each curve begins.
        first: shape (configurations + 1,), first curve of each configuration.
        seeds: shape (curves,), None where the table has no seeds.
    """

    def __init__(
        self,
        nearest: Nearest,
        levels: np.ndarray,
        seconds: np.ndarray,
        metrics: dict[str, np.ndarray],
        bounds: np.ndarray,
        first: np.ndarray,
        seeds: np.ndarray | None,
        *,
        resource: str | None,
        elapsed_time: str,
    ) -> None:
        self._nearest = nearest
        self._levels = levels
        self._seconds = seconds
        self._metrics = metrics
        self._resource = resource
        self._names = (*([] if resource is None else [resource]), elapsed_time, *metrics)
        self._bounds = bounds
        self._first = first
        self._seeds = seeds

    def __len__(self) -> int:
        """Number of configurations."""
        return len(self._first) - 1

    def curves(self, config: Config) -> range:
        """Numbers of the curves of the nearest configuration, by ascending seed."""
        return self.curves_of(self._nearest(config))

    def play(self, config: Config, draw: Callable[[int], int]) -> Curve:
        """A curve of the nearest configuration."""
        curves = self.curves(config)
        return self.curve(curves[draw(len(curves)) if len(curves) > 1 else 0])

    def configurations(self) -> np.ndarray:
        """Matrix (configurations, d): all of them in the unit cube."""
        return self._nearest.matrix

    @property
    def encoder(self) -> Encoder:
        return self._nearest.encoder

    @property
    def names(self) -> Sequence[str]:
        """What a report holds: the resource, where there is one, the elapsed time, the metrics."""
        return self._names

    @property
    def count(self) -> int:
        """Number of curves."""
        return len(self._bounds) - 1

    def levels(self) -> np.ndarray:
        """Of all rows, curve after curve."""
        return self._levels

    def values(self, metric: str) -> np.ndarray:
        """Of all rows, curve after curve."""
        return self._metrics[metric]

    def lengths(self) -> np.ndarray:
        """Rows of each curve."""
        return np.asarray(np.diff(self._bounds))

    def totals(self) -> np.ndarray:
        """Seconds that each training took."""
        return np.asarray(self._seconds[self._bounds[1:] - 1])

    def configuration_of(self, row: int) -> int:
        """Position of the configuration that a row belongs to."""
        curve = int(np.searchsorted(self._bounds, row, side="right")) - 1
        return int(np.searchsorted(self._first, curve, side="right")) - 1

    def curves_of(self, position: int) -> range:
        """Numbers of the curves of the configuration at `position`."""
        return range(int(self._first[position]), int(self._first[position + 1]))

    def seed(self, curve: int) -> int | None:
        return None if self._seeds is None else int(self._seeds[curve])

    def curve(self, number: int) -> Curve:
        part = slice(int(self._bounds[number]), int(self._bounds[number + 1]))
        levels, seconds = self._levels[part].tolist(), self._seconds[part].tolist()
        columns = [seconds, *(column[part].tolist() for column in self._metrics.values())]
        if self._resource is not None:
            columns.insert(0, levels)
        return Curve(levels, seconds, self._names, columns)


def load_table(path: Path, description: Description, seed: int | None = None, *, so_far: bool = False) -> Table:
    """Read the file. UsageError, which names the column, where its contents are not what the description says.

    Args:
        seed: keep the rows of this seed only.
        so_far: a metric is the best value that the training has had until then.
    """
    content = read_columns(path, description.columns)
    if seed is not None and description.seed is not None:
        content = content.filter(numbers(path, description.seed, content.column(description.seed)) == seed)
    if content.num_rows == 0:
        raise UsageError(f"{path}: the table has no rows" + ("" if seed is None else f" of seed {seed}"))
    names = description.space.hyperparameters
    columns = {name: coded(path, name, content.column(name)) for name in names}
    config = _configurations(columns)
    levels, seeds = (
        np.ones(content.num_rows, dtype=np.int64) if name is None else _whole(path, what, name, content.column(name))
        for what, name in (("resource", description.resource), ("seed", description.seed))
    )
    order = np.lexsort((levels, seeds, config))
    representatives = np.empty(config.max() + 1, dtype=np.int64)
    representatives[config[::-1]] = np.arange(len(config))[::-1]  # the first row of each: written last
    encoder = Encoder(description.space)
    nearest = Nearest(encoder, encoded(path, encoder, columns, representatives))
    seconds = numbers(path, description.elapsed_time, content.column(description.elapsed_time)).astype(float)[order]
    metrics = {name: numbers(path, name, content.column(name))[order] for name in description.metrics}
    config, seeds, levels = config[order], seeds[order], levels[order]
    starts = _starts(config, seeds)
    _check_curves(path, description, starts, levels, seconds)
    if so_far:
        for name, mode in description.metrics.items():
            best = np.fmax if mode == "max" else np.fmin
            metrics[name] = np.concatenate([best.accumulate(part) for part in np.split(metrics[name], starts[1:])])
    return Table(
        nearest,
        levels,
        seconds,
        metrics,
        bounds=np.append(starts, len(levels)),
        first=np.append(np.searchsorted(config[starts], np.arange(len(representatives))), len(starts)),
        seeds=None if description.seed is None else seeds[starts],
        resource=description.resource,
        elapsed_time=description.elapsed_time,
    )


def _configurations(columns: dict[str, Coded]) -> np.ndarray:
    """Number of each row's configuration, in the order of first appearance."""
    number = np.zeros(len(next(iter(columns.values())).codes), dtype=np.int64)
    for column in columns.values():
        # Both factors are at most the number of rows, so their product fits into 64 bits.
        number = densified(number * len(column.values) + column.codes)
    return number


def _whole(path: Path, what: str, name: str, column: Any) -> np.ndarray:
    values = numbers(path, name, column)
    whole = np.where(np.isfinite(values), values, -1).astype(np.int64)
    if (whole != values).any() or (whole < 0).any():
        raise UsageError(f"{path}: column {name} ({what}) holds values that are no whole numbers from 0 up")
    return whole


def _starts(config: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Positions at which a curve begins, of rows in order."""
    new = (config[1:] != config[:-1]) | (seeds[1:] != seeds[:-1])
    return np.concatenate(([0], np.flatnonzero(new) + 1))


def _check_curves(
    path: Path, description: Description, starts: np.ndarray, levels: np.ndarray, seconds: np.ndarray
) -> None:
    inner = np.ones(len(levels), dtype=bool)
    inner[starts] = False
    steps = np.flatnonzero(inner)
    if (levels[steps] == levels[steps - 1]).any():
        key = "configuration" + ("" if description.seed is None else ", seed")
        key += "" if description.resource is None else ", resource"
        raise UsageError(f"{path}: several rows of one ({key}); the description's seed or resource column is missing")
    if not (np.isfinite(seconds).all() and (seconds >= 0).all()):
        raise UsageError(f"{path}: column {description.elapsed_time} (elapsed_time) holds values that are no seconds")
    if (seconds[steps] < seconds[steps - 1]).any():
        raise UsageError(
            f"{path}: column {description.elapsed_time} (elapsed_time) decreases within a trial; "
            "it counts seconds since the trial started, cumulative"
        )
