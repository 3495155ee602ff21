"""What the exporters share: an experiment's trials, with configuration and reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.results.load import Experiment
from harness.results.rows import STATUS, TIME, TRIAL, read_rows


@dataclass
class ExportedTrial:
    """Attributes:
    reports: (step, seconds, metrics) in their order; the step is the resource level, or the report's number.
    """

    trial_id: int
    config: Mapping[str, Any]
    failed: bool = False
    reports: list[tuple[int, float, Mapping[str, float]]] = field(default_factory=list)


def trials_of(experiment: Experiment) -> list[ExportedTrial]:
    """The trials in the order of their first report. UnreadableResults as `read_rows` says."""
    found: dict[int, ExportedTrial] = {}
    for row in read_rows(experiment.folder).to_pylist():
        trial_id = int(row[TRIAL])
        config = {name.removeprefix("config_"): row[name] for name in row if name.startswith("config_")}
        trial = found.setdefault(trial_id, ExportedTrial(trial_id, config))
        trial.failed |= row.get(STATUS) == "Failed"
        metrics = {
            name: float(value)
            for name, value in row.items()
            if _is_metric(name) and isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        if experiment.metric in metrics:
            step = metrics.get(experiment.resource_attr or "", len(trial.reports) + 1)
            trial.reports.append((int(step), float(row[TIME]), metrics))
    return list(found.values())


def _is_metric(name: str) -> bool:
    return name != TRIAL and not name.startswith(("config_", "st_"))


def best_report(trial: ExportedTrial, experiment: Experiment) -> Mapping[str, float] | None:
    """The trial's metrics where its metric was best: of the feasible reports, of all where none is feasible."""
    finite = [metrics for _, _, metrics in trial.reports if math.isfinite(metrics[experiment.metric])]
    feasible = [metrics for metrics in finite if is_feasible(metrics, experiment)]
    best = max if experiment.mode == "max" else min
    return best(feasible or finite, key=lambda metrics: metrics[experiment.metric], default=None)


def is_feasible(metrics: Mapping[str, float], experiment: Experiment) -> bool:
    return experiment.constraint_attr is None or metrics.get(experiment.constraint_attr, math.nan) <= 0.0


def scalars(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Metadata as text, for tags."""
    return {
        name: str(value)
        for name, value in metadata.items()
        if not isinstance(value, Sequence) or isinstance(value, str)
    }
