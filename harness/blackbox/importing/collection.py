"""Folders of real trainings: configs.parquet (config_id and hyper-parameters), meta.json, and Parquet files of results.

meta.json says `hyperparameters` (bounds or choices), `metrics`, `resource` (null where only final values are known) and
the columns of time. `RECIPES` adds what it leaves open; the choices are those of the project's reference results, so
that ours can be held against them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.blackbox.description import Description
from harness.blackbox.files import read_all
from harness.blackbox.importing import Imported
from harness.blackbox.importing.lcbench_surrogate import fashion
from harness.core.domains import domain_from_spec
from harness.core.space import Space
from harness.errors import UsageError

Columns = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """Attributes:
    prefix: of the tables' names.
    files: pattern of the files of results, each of which is a table; what the star stands for becomes part of its name.
    domains: of hyper-parameters that meta.json does not bound, as in a manifest.
    prepare: (configurations, results) -> both, changed.
    about: what to know of the tables.
    more: (folder, space) -> a further table, e.g. of a published surrogate.
    """

    prefix: str
    files: str
    about: str
    domains: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prepare: Callable[[Columns, Columns], tuple[Columns, Columns]] = lambda configs, results: (configs, results)
    more: Callable[[Path, Space], Imported] | None = None


def _after_training(configs: Columns, results: Columns) -> tuple[Columns, Columns]:
    """Without level 0, the state before training."""
    kept = results["epoch"] > 0
    return configs, {name: column[kept] for name, column in results.items()}


def _taskset(configs: Columns, results: Columns) -> tuple[Columns, Columns]:
    """Divergence (NaN, and what is worse than 1) counts as 1; one second an epoch; 1 - beta, which is log-scaled."""
    configs, results = _after_training(configs, results)
    for name in ("beta1", "beta2"):
        configs[f"one_minus_{name}"] = 1 - configs.pop(name)
    losses = {name: np.fmin(results[name], 1.0) for name in ("valid_loss", "train_loss", "test_loss")}
    return configs, {**results, **losses, "elapsed_time": results["epoch"].astype(float)}


def _alexnet(configs: Columns, results: Columns) -> tuple[Columns, Columns]:
    """A configuration without a curve failed in its first epoch: of mean length, with the accuracy of guessing."""
    missing = np.setdiff1d(configs["config_id"], results["config_id"])
    stand_in: Columns = {"epoch": 1, "elapsed_time": 340.7, "top_1": 0.001}
    more = {"config_id": missing} | {name: np.full(len(missing), value) for name, value in stand_in.items()}
    kept = {name: np.concatenate([results[name], column]) for name, column in more.items()}
    return configs, kept


RECIPES: Mapping[str, Recipe] = {
    "lcbench": Recipe(
        "lcb",
        "curves_*.parquet",
        "LCBench (arXiv:2006.13799), Apache-2.0. Epochs 1 to 51, the last being the final model.",
        domains={"num_layers": {"type": "randint", "lower": 1, "upper": 4}},
        prepare=_after_training,
        more=fashion,
    ),
    "taskset_imdb": Recipe(
        "taskset",
        "curves_FixedTextRNNClassification_imdb_*.parquet",
        "TaskSet (arXiv:2002.11887), RNN text classification on IMDB, Apache-2.0. Losses above 1 and NaN are 1; the "
        "source has no times: one second an epoch.",
        prepare=_taskset,
    ),
    "opda_alexnet_imagenet": Recipe(
        "alexnet",
        "curves*.parquet",
        "AlexNet on ImageNet, random search, (c) 2025 Nicholas Lourie, CC BY-SA 4.0 (changed: hyper-parameters and "
        "curves joined). Curves are ragged. Where the source has no curve: one epoch of 340.7 s, top_1 0.001.",
        domains={"lr_peak_epoch": {"type": "randint", "lower": 0, "upper": 80}},
        prepare=_alexnet,
    ),
    "fcnet": Recipe("fcnet_final", "*.parquet", "FC-Net (arXiv:1905.04970), after 100 epochs."),
    "nasbench201": Recipe("nasbench201_final", "*.parquet", "NAS-Bench-201 (arXiv:2001.00326), after 200 epochs."),
    "hpobench_mlp": Recipe("hpobench_mlp_final", "*.parquet", "HPOBench's MLP (arXiv:2109.06716)."),
}
FINAL_ONLY = " FINAL VALUES ONLY: there are no curves, so multi-fidelity methods have nothing to stop at."


def read(source: Path, wanted: Callable[[str], bool]) -> Iterator[Imported]:
    """A table for each file of results in the folder `source`."""
    recipe = RECIPES.get(source.name)
    if recipe is None or not (source / "meta.json").is_file():
        raise UsageError(f"{source}: not a known collection; known folders: {', '.join(RECIPES)}")
    meta = json.loads((source / "meta.json").read_text())
    stem = recipe.files.removesuffix(".parquet").rstrip("*")
    for file in sorted(source.glob(recipe.files)):
        if file.stem == "configs" or file.stem == "final_results":
            continue
        name = f"{recipe.prefix}_{file.stem.removeprefix(stem)}".rstrip("_")
        if wanted(name):
            yield Imported(name, *_table(recipe, meta, read_all(source / "configs.parquet"), read_all(file)))
    if recipe.more is not None and wanted(f"{recipe.prefix}_fashion"):
        yield recipe.more(source, _space(recipe, meta, read_all(source / "configs.parquet")))


def _table(recipe: Recipe, meta: Mapping[str, Any], configs: Columns, results: Columns) -> tuple[Columns, Description]:
    configs, results = recipe.prepare(configs, results)
    resource = meta["resource"]
    position = {number: row for row, number in enumerate(configs["config_id"].tolist())}
    rows = np.array([position[number] for number in results["config_id"].tolist()])
    space = _space(recipe, meta, configs)
    columns = {name: configs[name][rows] for name in space} | results
    elapsed = meta.get("elapsed_time_column") or meta.get("cost_column") or "elapsed_time"
    seed = "seed" if "seed" in results else None
    about = recipe.about + ("" if resource else FINAL_ONLY)
    return columns, Description(space, resource, elapsed, meta["metrics"], seed, about=about)


def _space(recipe: Recipe, meta: Mapping[str, Any], configs: Columns) -> Space:
    names = [name for name in configs if name in meta["hyperparameters"] or name.startswith("one_minus_")]
    return Space({name: domain_from_spec(recipe.domains.get(name) or _spec(name, meta, configs)) for name in names})


def _spec(name: str, meta: Mapping[str, Any], configs: Columns) -> dict[str, Any]:
    """A domain of meta.json as in a manifest; bounds that it only observed are those of the data, on a log axis."""
    entry = meta["hyperparameters"].get(name, {})
    if "choices" in entry:
        return {"type": "ordinal" if entry["type"] == "ordinal" else "choice", "values": entry["choices"]}
    if "lower" not in entry:
        return {"type": "loguniform", "lower": float(configs[name].min()), "upper": float(configs[name].max())}
    whole = entry["type"] == "int"
    kind = ("lograndint" if whole else "loguniform") if entry["log"] else ("randint" if whole else "uniform")
    return {"type": kind, "lower": entry["lower"], "upper": entry["upper"]}
