"""FC-Net tabular benchmarks as published: fcnet_{data set}_data.hdf5 (A. Klein, F. Hutter: arXiv:1905.04970).

A group for each configuration, named by its JSON text; in it valid_loss, train_loss [4 seeds, 100 epochs], and
final_test_error, n_params, runtime (seconds of the whole training) [4 seeds].
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from harness.blackbox.description import Description
from harness.blackbox.importing import Imported
from harness.core.domains import choice, finrange, logfinrange
from harness.core.space import Space
from harness.errors import EnvironmentFault, UsageError

SPACE = Space(
    {
        "hp_activation_fn_1": choice(["tanh", "relu"]),
        "hp_activation_fn_2": choice(["tanh", "relu"]),
        "hp_batch_size": logfinrange(8, 64, 4, cast_int=True),
        "hp_dropout_1": finrange(0.0, 0.6, 3),
        "hp_dropout_2": finrange(0.0, 0.6, 3),
        "hp_init_lr": choice([0.0005, 0.001, 0.005, 0.01, 0.05, 0.1]),
        "hp_lr_schedule": choice(["cosine", "const"]),
        "hp_n_units_1": logfinrange(16, 512, 6, cast_int=True),
        "hp_n_units_2": logfinrange(16, 512, 6, cast_int=True),
    }
)
METRICS = ("valid_loss", "train_loss")


def read(source: Path, wanted: Callable[[str], bool]) -> Iterator[Imported]:
    """`source`: a file, or a folder of them."""
    files = [source] if source.is_file() else sorted(source.glob("fcnet_*_data.hdf5"))
    if not files:
        raise UsageError(f"{source}: no fcnet_*_data.hdf5 there")
    for file in files:
        name = f"nashpobench_{file.stem.removeprefix('fcnet_').removesuffix('_data')}"
        if wanted(name):
            yield Imported(name, _columns(file), _description(file.name))


def _description(name: str) -> Description:
    about = f"FC-Net tabular benchmark, {name} (arXiv:1905.04970). Time is spread evenly over a training's epochs."
    metrics = {f"metric_{metric}": "min" for metric in METRICS}
    return Description(SPACE, "hp_epoch", "metric_elapsed_time", metrics, "seed", about=about)  # type: ignore[arg-type]


def _columns(file: Path) -> dict[str, Any]:
    try:
        import h5py
    except ImportError:
        raise EnvironmentFault(
            "HDF5 files need h5py, which is not installed here", hint="pip install -e '.[importers]'"
        ) from None
    try:
        with h5py.File(file) as data:
            parts = [_configuration(json.loads(key), group) for key, group in data.items()]
    except (OSError, KeyError, ValueError) as error:
        raise UsageError(f"{file}: not a file of the FC-Net benchmarks ({error})") from None
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _configuration(config: dict[str, Any], group: Any) -> dict[str, np.ndarray]:
    """Rows of one configuration. The file knows the whole run time only, which the published code spreads evenly."""
    seeds, epochs = group["valid_loss"].shape
    share = np.arange(1, epochs + 1) / epochs
    rows = {f"metric_{metric}": group[metric][:].ravel() for metric in METRICS}
    return {
        **{f"hp_{name}": np.repeat(value, seeds * epochs) for name, value in config.items()},
        "hp_epoch": np.tile(np.arange(1, epochs + 1), seeds),
        "seed": np.repeat(np.arange(seeds), epochs),
        "metric_elapsed_time": np.outer(group["runtime"][:], share).ravel(),
        **rows,
    }
