"""Small tables of made-up trainings, written as users write theirs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from harness.core.seeds import rng

SPACE = {
    "lr": {"type": "loguniform", "lower": 1e-4, "upper": 1.0},
    "width": {"type": "randint", "lower": 1, "upper": 64},
}
DESCRIPTION = {"hyperparameters": SPACE, "resource": "epoch", "elapsed_time": "seconds", "metrics": {"loss": "min"}}


def write_table(path: Path, columns: dict[str, Any], description: dict[str, Any] = DESCRIPTION) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    path.with_suffix(".yaml").write_text(json.dumps(description))
    return path


def curves(number: int = 40, top: int = 9, *, ragged: float = 0.0, nan: float = 0.0, seed: int = 0) -> dict[str, list]:
    """Rows of `number` configurations; chances that a curve ends early and that a loss is NaN. Times are whole."""
    rows = []
    for config in range(number):
        draw = rng(seed, "config", config)
        lr, width = float(10 ** draw.uniform(-4, 0)), int(draw.integers(1, 65))
        last = int(draw.integers(1, top)) if draw.random() < ragged else top
        base, pace, spread = draw.random(), int(draw.integers(1, 9)), draw.random(top)
        for epoch in range(1, last + 1):
            loss = math.nan if draw.random() < nan else float(base + 1 / epoch + 0.1 * spread[epoch - 1])
            rows.append({"lr": lr, "width": width, "epoch": epoch, "seconds": float(pace * epoch), "loss": loss})
    return {name: [row[name] for row in rows] for name in rows[0]}
