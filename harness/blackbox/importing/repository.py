"""Blackboxes as Syne Tune's repository stores them (its `blackbox_tabular.serialize`).

A folder holds configspace.json, fidelities_values.npy [levels], hyperparameters.parquet, metadata.json
(objectives_names, task_names, metric_elapsed_time, metric_default, resource_attr), and objectives_evaluations.npy:
float32 [tasks, configurations, seeds, levels, objectives].
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from harness.blackbox.description import Description
from harness.blackbox.files import read_all
from harness.blackbox.importing import Imported
from harness.core.domains import Domain, domain_from_spec
from harness.core.space import Space
from harness.errors import UsageError

FILES = ("configspace.json", "fidelities_values.npy", "metadata.json", "objectives_evaluations.npy")
# Syne Tune's name of a blackbox -> what its benchmarks are called.
PREFIXES = {"fcnet": "nashpobench"}
MAXIMISED = ("accuracy",)


def read(source: Path, wanted: Callable[[str], bool]) -> Iterator[Imported]:
    """A table for each task of the blackbox in the folder `source`."""
    for name in FILES:
        if not (source / name).is_file():
            raise UsageError(f"{source}: no {name}; a blackbox of the repository has {', '.join(FILES)}")
    meta = json.loads((source / "metadata.json").read_text())
    spec = json.loads((source / "configspace.json").read_text())
    space = Space({name: _domain(source, name, entry) for name, entry in spec.items()})
    levels = np.load(source / "fidelities_values.npy").astype(np.int64)
    values = np.load(source / "objectives_evaluations.npy", mmap_mode="r")
    configs = read_all(source / "hyperparameters.parquet")
    prefix = PREFIXES.get(source.name, source.name)
    for index, task in enumerate(meta["task_names"]):
        name = f"{prefix}_{task}"
        if wanted(name):
            yield Imported(name, *_table(f"{source.name}, {task}", space, configs, levels, values[index], meta))


def _domain(source: Path, name: str, entry: Mapping[str, Any]) -> Domain:
    """A domain from Syne Tune's JSON: {domain_cls, domain_kwargs, sampler_cls, sampler_kwargs}."""
    kind, given = entry["domain_cls"], entry["domain_kwargs"]
    log = entry.get("sampler_cls") == "LogUniform" or bool(given.get("log_scale"))
    bounds = {"lower": given.get("lower"), "upper": given.get("upper")}
    match kind:
        case "Categorical":
            return domain_from_spec({"type": "choice", "values": given["categories"]})
        case "Ordinal" | "OrdinalNearestNeighbor":
            return domain_from_spec({"type": "ordinal", "values": given["categories"]})
        case "Float":
            return domain_from_spec({"type": "loguniform" if log else "uniform", **bounds})
        case "Integer":
            return domain_from_spec({"type": "lograndint" if log else "randint", **bounds})
        case "FiniteRange":
            grid = {"size": given["size"], "cast_int": bool(given.get("cast_int"))}
            return domain_from_spec({"type": "logfinrange" if log else "finrange", **bounds, **grid})
    raise UsageError(f"{source / 'configspace.json'}: {name}: unknown domain {kind}")


def _table(
    about: str,
    space: Space,
    configs: Mapping[str, Any],
    levels: np.ndarray,
    values: np.ndarray,
    meta: Mapping[str, Any],
) -> tuple[dict[str, Any], Description]:
    resource, elapsed = meta["resource_attr"], meta["metric_elapsed_time"]
    count, seeds = values.shape[:2]
    flat = np.asarray(values).reshape(count * seeds * len(levels), -1)
    columns: dict[str, Any] = {name: np.repeat(configs[name], seeds * len(levels)) for name in space}
    columns[resource] = np.tile(levels, count * seeds)
    columns["seed"] = np.tile(np.repeat(np.arange(seeds), len(levels)), count)
    columns |= {name: flat[:, position] for position, name in enumerate(meta["objectives_names"])}
    first = meta["metric_default"]
    metrics = {name: _mode(name) for name in (first, *meta["objectives_names"]) if name != elapsed}
    # Imputed or unfinished trainings have no time: they are no curves.
    kept = np.isfinite(columns[elapsed])
    columns = {name: column[kept] for name, column in columns.items()}
    seed = "seed" if seeds > 1 else None
    return columns, Description(space, resource, elapsed, metrics, seed, about=f"Syne Tune's blackbox {about}.")


def _mode(name: str) -> Literal["min", "max"]:
    return "max" if any(word in name for word in MAXIMISED) else "min"
