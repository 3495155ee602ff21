"""The best report of an experiment, as Syne Tune's `best_config` finds it: the first of equals, NaN never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.results.rows import numbers


def best_row(rows: Any, metric: str, mode: str) -> Mapping[str, Any] | None:
    """The row with the best finite value of the metric: column -> value, empty ones left out; None without any."""
    import numpy as np

    losses = losses_of(rows, metric, mode)
    if not np.isfinite(losses).any():
        return None
    (row,) = rows.slice(int(np.nanargmin(np.where(np.isfinite(losses), losses, np.nan))), 1).to_pylist()
    return {name: value for name, value in row.items() if value is not None}


def losses_of(rows: Any, metric: str, mode: str) -> Any:
    """The metric, to be minimised. float64 [rows], NaN where a row has none."""
    values = numbers(rows, metric)
    return -values if mode == "max" else values
