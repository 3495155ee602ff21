"""Other libraries' optimisers as searchers: what all adapters share.

An adapter is asked anew at each suggestion, with all that the history holds: so it has no state, and an experiment that
goes on after a crash gets the suggestions it would have had. The first configurations are those of random search, so
that runs of one seed are paired with every other method's.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.core.domains import Categorical, Domain, Float, Integer, Value, values_of
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.space import Config, Space
from harness.core.trial import Status
from harness.options import Options, arg
from harness.searchers.initial import InitialDesign

Point = list[float | int]


class ExternalOptions(Options):
    searcher_num_init_random: int | None = arg(
        None, "trials that start like random search, before the model is asked; default: num_workers + 2", ge=1
    )


@dataclass(frozen=True)
class Axis:
    """A hyper-parameter as other libraries know them. Ordinals and grids are integers, by their index.

    Attributes:
        kind: "choice" for indices without an order.
        lower, upper: both ends included.
    """

    name: str
    domain: Domain
    kind: Literal["float", "int", "choice"]
    lower: float | int
    upper: float | int
    log: bool = False

    def coordinate(self, value: Value) -> float | int:
        if isinstance(self.domain, (Float, Integer)):
            inside: float | int = min(self.upper, max(self.lower, value))
            return inside
        return list(values_of(self.domain)).index(self.domain.cast(value))

    def value(self, coordinate: float | int) -> Value:
        """The nearest value: libraries return numbers of numpy, and floats a rounding error beyond a bound."""
        inside = min(self.upper, max(self.lower, coordinate))
        if isinstance(self.domain, (Float, Integer)):
            return self.domain.cast(inside)
        return values_of(self.domain)[round(inside)]


def axes_of(space: Space) -> list[Axis]:
    """An axis for each hyper-parameter that has more than one value."""
    return [_axis(name, domain) for name, domain in space.hyperparameters.items() if domain.size != 1]


def _axis(name: str, domain: Domain) -> Axis:
    if isinstance(domain, Float):
        return Axis(name, domain, "float", domain.lower, domain.upper, domain.log)
    if isinstance(domain, Integer):
        return Axis(name, domain, "int", int(domain.lower), int(domain.upper), domain.log)
    ordered = not isinstance(domain, Categorical) or domain.ordered
    return Axis(name, domain, "int" if ordered else "choice", 0, len(values_of(domain)) - 1)


@dataclass(frozen=True)
class Data:
    """What an adapter is told.

    Attributes:
        points, losses: a point for each trial with results, and its loss at the highest resource it got to; a trial
            that failed, or reported no number, has the worst loss of the others.
        pending: points under way.
    """

    points: Sequence[Point]
    losses: Sequence[float]
    pending: Sequence[Point]


class ExternalSearcher(ABC):
    """Base of the adapters.

    Attributes:
        axes: in the order of the coordinates of every point.
    """

    def __init__(self, context: Context, options: ExternalOptions) -> None:
        self._context = context
        self._space = context.problem.space
        self._design = InitialDesign(context)
        initial = options.searcher_num_init_random or context.num_workers + 2
        self._initial = max(initial, len(self._design.points))
        self.axes = axes_of(self._space)

    @abstractmethod
    def propose(self, data: Data, seed: int) -> Point:
        """The library's next point. `seed`: of its own draws, another one for each trial."""

    def suggest(self, history: HistoryView, *, trial_id: int, resource: int | None) -> Config | None:
        if trial_id >= self._initial and self.axes:
            data = self._data(history)
            if len(data.points) > 1:
                seed = int(rng(self._context.seed, "external", trial_id).integers(2**31))
                config = self.config(self.propose(data, seed))
                if not self._design.seen(history, config):
                    return config
        return self._design.config(history, trial_id)

    def config(self, point: Point) -> Config:
        values: dict[str, Any] = {
            axis.name: axis.value(coordinate) for axis, coordinate in zip(self.axes, point, strict=True)
        }
        return {name: values.get(name, domain.midpoint()) for name, domain in self._space.hyperparameters.items()}

    def point(self, config: Config) -> Point:
        return [axis.coordinate(config[axis.name]) for axis in self.axes]

    def _data(self, history: HistoryView) -> Data:
        points, losses = [], []
        for trial in history.trials.values():
            if trial.results or trial.status is Status.FAILED:
                points.append(self.point(trial.config))
                failed = trial.status is Status.FAILED or not trial.results
                losses.append(math.nan if failed else trial.results[-1].loss)
        finite = [loss for loss in losses if math.isfinite(loss)]
        if not finite:
            return Data([], [], [])
        filled = [loss if math.isfinite(loss) else max(finite) for loss in losses]
        pending = [self.point(trial.config) for trial in history.running() if not trial.results]
        return Data(points, filled, pending)
