"""What a table holds, in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from harness.blackbox.description import Description, read_description
from harness.blackbox.tables import Table, load_table
from harness.errors import UsageError


def table_info(path: Path) -> dict[str, Any]:
    """Plain data: shape, space, resource, times, and for each metric missing values and the best. UsageError as of
    `load_table`."""
    if not path.is_file():
        raise UsageError(f"{path}: there is no such table; a Parquet file is wanted")
    description = read_description(path)
    table = load_table(path, description)
    lengths, seconds = table.lengths(), table.totals()
    levels = table.levels()
    return {
        "file": str(path),
        "description": description.about,
        "rows": len(levels),
        "configurations": len(table),
        "curves": table.count,
        "hyperparameters": description.space.spec(),
        "resource": description.resource,
        "levels": None if description.resource is None else [int(levels.min()), int(levels.max())],
        "ended_early": int((lengths < lengths.max()).sum()),
        "elapsed_time": description.elapsed_time,
        "seconds": {
            "shortest": float(seconds.min()),
            "mean": float(seconds.mean()),
            "longest": float(seconds.max()),
            "sum": float(seconds.sum()),
        },
        "metrics": {name: _metric(table, description, name) for name in description.metrics},
    }


def _metric(table: Table, description: Description, name: str) -> dict[str, Any]:
    """Best over all levels, with its configuration; NaN and infinite values count as missing."""
    values, mode = table.values(name), description.metrics[name]
    finite = np.isfinite(values)
    facts: dict[str, Any] = {"mode": mode, "missing": int((~finite).sum()), "best": None}
    if not finite.any():
        return facts
    losses = np.where(finite, -values if mode == "max" else values, np.inf)
    row = int(losses.argmin())
    config = table.encoder.decode(table.configurations()[table.configuration_of(row)])
    level = int(table.levels()[row])
    return {**facts, "best": float(values[row]), "best_level": level, "best_configuration": config}


def lines(info: dict[str, Any]) -> list[str]:
    """The same for people."""
    seconds = info["seconds"]
    shape = f"{info['configurations']} configurations, {info['curves']} curves, {info['rows']} rows"
    if info["resource"] is None:
        shape += "; final values only"
    else:
        low, high = info["levels"]
        shape += f"; {info['resource']} {low} to {high}, {info['ended_early']} curves end earlier than the longest"
    found = [info["file"], *([f"  {info['description']}"] if info["description"] else []), f"  {shape}"]
    found.append(
        f"  {info['elapsed_time']}: {seconds['shortest']:.3g} to {seconds['longest']:.3g} s a training, "
        f"mean {seconds['mean']:.4g} s, {seconds['sum'] / 3600:.4g} hours in all"
    )
    for name, metric in info["metrics"].items():
        missing = f", {metric['missing']} values missing" if metric["missing"] else ""
        found.append(f"  metric {name} ({metric['mode']}){missing}: {_best(info, metric)}")
    return [*found, "  space:", *(f"    {name}: {_domain(spec)}" for name, spec in info["hyperparameters"].items())]


def _best(info: dict[str, Any], metric: dict[str, Any]) -> str:
    if metric["best"] is None:
        return "no value"
    at = f" at {info['resource']} {metric['best_level']}" if info["resource"] else ""
    config = " ".join(f"{name}={_short(value)}" for name, value in metric["best_configuration"].items())
    return f"best {metric['best']:.5g}{at} ({config})"


def _domain(spec: dict[str, Any]) -> str:
    if "values" in spec:
        return f"{spec['type']} {', '.join(map(str, spec['values']))}"
    size = f", {spec['size']} values" if "size" in spec else ""
    return f"{spec['type']} {_short(spec['lower'])} to {_short(spec['upper'])}{size}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
