"""What is to be optimised: space, metric, resource. The sign of the metric is flipped here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
    cost_attr: reported cost of a trial.
    """

    space: Space
    metric: str
    mode: Mode = "min"
    resource_attr: str | None = None
    max_resource: int | None = None
    max_resource_attr: str | None = None
    elapsed_time_attr: str | None = None
    cost_attr: str | None = None

    def loss(self, metrics: Mapping[str, Any]) -> float:
        """The metric, to be minimised; NaN stays NaN. MissingMetric where it is absent or no number."""
        value = self._number(metrics, self.metric, "metric")
        return -value if self.mode == "max" else value

    def value(self, loss: float) -> float:
        """The metric's value of a loss: inverse of `loss`."""
        return -loss if self.mode == "max" else loss

    def resource(self, metrics: Mapping[str, Any]) -> int | None:
        """The resource level of a report; MissingMetric where it is due and absent."""
        if self.resource_attr is None:
            return None
        return round(self._number(metrics, self.resource_attr, "resource attribute"))

    def _number(self, metrics: Mapping[str, Any], name: str, what: str) -> float:
        value = metrics.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            held = ", ".join(f"{key}={metrics[key]!r}" for key in metrics if not key.startswith("st_"))
            raise MissingMetric(f"report without a number for the {what} '{name}' (it held: {held or 'nothing'})")
        return float(value)
