"""What is to be optimised: space, metric, resource. The sign of the metric is flipped here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal, TypeGuard

from harness.core.space import Space

Mode = Literal["min", "max"]


class MissingMetric(KeyError):
    """A report lacks the metric or the resource attribute; `str()` names it and what the report held."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Problem:
    """Attributes:
    metric, mode: name of the reported value to optimise, and its direction.
    resource_attr: name of the reported resource (e.g. epoch), None for single-fidelity problems.
    max_resource: highest resource level of a trial.
    max_resource_attr: configuration entry that tells a trial how far to go.
    elapsed_time_attr: reported seconds since the trial started.
    cost_attr: reported cost of a trial since its start.
    constraint_attr: reported value that is at most 0 where a configuration is feasible.
    metrics: all reported values that may be objectives, with their directions; `metric` is one whether named or not.
    """

    space: Space
    metric: str
    mode: Mode = "min"
    resource_attr: str | None = None
    max_resource: int | None = None
    max_resource_attr: str | None = None
    elapsed_time_attr: str | None = None
    cost_attr: str | None = None
    constraint_attr: str | None = None
    metrics: Mapping[str, Mode] = field(default_factory=dict)

    def objectives(self) -> dict[str, Mode]:
        """What several objectives can be chosen from: `metric` first, the elapsed time last."""
        named: dict[str, Mode] = {self.metric: self.mode, **self.metrics}
        return named if self.elapsed_time_attr is None else {**named, self.elapsed_time_attr: "min"}

    def check(self, metrics: Mapping[str, Any]) -> None:
        """MissingMetric where a report lacks one of `metrics`, the cost or the constraint."""
        for name in self.metrics:
            self._number(metrics, name, "metric")
        if self.cost_attr is not None:
            self._number(metrics, self.cost_attr, "cost attribute")
        if self.constraint_attr is not None:
            self._number(metrics, self.constraint_attr, "constraint attribute")

    def loss(self, metrics: Mapping[str, Any]) -> float:
        """The metric, to be minimised; NaN stays NaN. MissingMetric where it is absent or no number."""
        value = self._number(metrics, self.metric, "metric")
        return -value if self.mode == "max" else value

    def losses(self, metrics: Mapping[str, Any], objectives: Mapping[str, Mode]) -> list[float]:
        """The objectives' values, to be minimised; NaN where one is absent or no number."""
        values = [(metrics.get(name), mode) for name, mode in objectives.items()]
        return [(-value if mode == "max" else value) if _is_number(value) else math.nan for value, mode in values]

    def value(self, loss: float) -> float:
        """The metric's value of a loss: inverse of `loss`."""
        return -loss if self.mode == "max" else loss

    def resource(self, metrics: Mapping[str, Any]) -> int | None:
        """The resource level of a report; MissingMetric where it is due and absent."""
        if self.resource_attr is None:
            return None
        return round(self._number(metrics, self.resource_attr, "resource attribute"))

    @property
    def cost_name(self) -> str | None:
        """What tells the cost of a trial since its start: `cost_attr`, else the elapsed time."""
        return self.cost_attr or self.elapsed_time_attr

    def cost(self, metrics: Mapping[str, Any]) -> float:
        """The cost that a report tells; NaN where it is absent."""
        return _number_or_nan(metrics, self.cost_name)

    def constraint(self, metrics: Mapping[str, Any]) -> float:
        """The constraint's value in a report; NaN where it is absent."""
        return _number_or_nan(metrics, self.constraint_attr)

    def feasible(self, metrics: Mapping[str, Any]) -> bool:
        """Whether a report keeps to the constraint, as all do where there is none."""
        return self.constraint_attr is None or self.constraint(metrics) <= 0.0

    def _number(self, metrics: Mapping[str, Any], name: str, what: str) -> float:
        value = metrics.get(name)
        if type(value) is float:
            return value
        if not _is_number(value):
            held = ", ".join(f"{key}={metrics[key]!r}" for key in metrics if not key.startswith("st_"))
            raise MissingMetric(f"report without a number for the {what} '{name}' (it held: {held or 'nothing'})")
        return float(value)


def _is_number(value: Any) -> TypeGuard[float]:
    kind = type(value)
    if kind is float or kind is int:  # by far the most; the abstract class takes long to ask
        return True
    return isinstance(value, Real) and kind is not bool  # numpy numbers included


def _number_or_nan(metrics: Mapping[str, Any], name: str | None) -> float:
    value = None if name is None else metrics.get(name)
    return float(value) if _is_number(value) else math.nan
