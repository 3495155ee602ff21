"""The best report of an experiment: the first of equals, NaN never, under a constraint a feasible one.

Without a constraint it is the one that Syne Tune's `best_config` finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.results.load import Experiment
from harness.results.rows import numbers


def best_row(rows: Any, experiment: Experiment) -> Mapping[str, Any] | None:
    """The row with the least finite loss: column -> value, empty ones left out; None without any."""
    import numpy as np

    losses = losses_of(rows, experiment)
    if not np.isfinite(losses).any():
        return None
    (row,) = rows.slice(int(np.nanargmin(np.where(np.isfinite(losses), losses, np.nan))), 1).to_pylist()
    return {name: value for name, value in row.items() if value is not None}


def losses_of(rows: Any, experiment: Experiment) -> Any:
    """The metric, to be minimised. float64 [rows], NaN where a row has none or is not feasible."""
    import numpy as np

    values = numbers(rows, experiment.metric)
    if experiment.constraint_attr is not None:
        values = np.where(numbers(rows, experiment.constraint_attr) <= 0.0, values, np.nan)
    return -values if experiment.mode == "max" else values
