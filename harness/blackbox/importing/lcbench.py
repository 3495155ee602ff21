"""LCBench as published: data_2k_lw.json, or the zip file that holds it (L. Zimmer et al.: arXiv:2006.13799).

data set -> number -> {config: {...}, log: {"Train/val_accuracy": [52], ..., "time": [52]}, results: {...}}; of the
52 values the first is that of the network before training, the last that of the final model.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.blackbox.description import Description
from harness.blackbox.importing import Imported
from harness.core.domains import lograndint, loguniform, randint, uniform
from harness.core.space import Space
from harness.errors import UsageError

SPACE = Space(
    {
        "num_layers": randint(1, 5),
        "max_units": lograndint(64, 1024),
        "batch_size": lograndint(16, 512),
        "learning_rate": loguniform(1e-4, 1e-1),
        "weight_decay": uniform(1e-5, 1e-1),
        "momentum": uniform(0.1, 0.99),
        "max_dropout": uniform(0.0, 1.0),
    }
)
METRICS = {
    "val_accuracy": ("Train/val_accuracy", "max"),
    "val_balanced_accuracy": ("Train/val_balanced_accuracy", "max"),
    "val_cross_entropy": ("Train/val_cross_entropy", "min"),
    "test_accuracy": ("Train/test_result", "max"),
    "test_balanced_accuracy": ("Train/test_balanced_accuracy", "max"),
    "test_cross_entropy": ("Train/test_cross_entropy", "min"),
}


def read(source: Path, wanted: Callable[[str], bool]) -> Iterator[Imported]:
    """A table for each data set."""
    for name, trainings in _load(source).items():
        if wanted(f"lcbench_{name}"):
            try:
                yield Imported(f"lcbench_{name}", _columns(trainings), _description(name))
            except (KeyError, TypeError) as error:
                raise UsageError(f"{source}: {name}: not a data set of LCBench (no {error})") from None


def _load(source: Path) -> Mapping[str, Any]:
    try:
        if source.suffix != ".zip":
            return dict(json.loads(source.read_text()))
        with zipfile.ZipFile(source) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith(".json")]
            return dict(json.loads(archive.read(name)))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(f"{source}: not the file of LCBench ({error})") from None


def _description(name: str) -> Description:
    metrics = {metric: mode for metric, (_, mode) in METRICS.items()}
    about = f"LCBench, {name} (arXiv:2006.13799): epochs 1 to 50, without the time to score the untrained network."
    return Description(SPACE, "epoch", "time", metrics, None, about=about)  # type: ignore[arg-type]


def _columns(trainings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    every = list(trainings.values())
    epochs = len(every[0]["log"]["time"]) - 2
    columns = {name: np.repeat([one["config"][name] for one in every], epochs) for name in SPACE}
    columns["epoch"] = np.tile(np.arange(1, epochs + 1), len(every))
    times = np.array([one["log"]["time"] for one in every], dtype=float)
    columns["time"] = np.maximum.accumulate(times[:, 1:-1] - times[:, :1], axis=1).ravel()
    for name, (tag, _) in METRICS.items():
        columns[name] = np.array([one["log"][tag][1:-1] for one in every], dtype=np.float32).ravel()
    return columns
