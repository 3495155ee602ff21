"""Loop of the small benchmarks, whose training is cheaper to repeat than to store.

A trial that is resumed trains its first levels again, with the same seed and so to the same result, and reports from
the first new one on.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.checkpoint import (
    add_checkpointing_to_argparse,
    checkpoint_model_at_rung_level,
    json_load_save_functions,
    resume_from_checkpointed_model,
)
from harness.reporter import Reporter

# scikit-learn imports pandas, and so pyarrow, where they are installed. The thread that pyarrow's allocator would start
# keeps a process from being forked, and with it trials from sharing their imports.
os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")


def parse(description: str | None, options: Mapping[str, type], argv: Sequence[str] | None) -> dict[str, Any]:
    """The values of these options, of the seed and of the folder for checkpoints."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    for name, kind in options.items():
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--train_seed", type=int, default=0, help="seed of split, initial values and order")
    add_checkpointing_to_argparse(parser)
    return vars(parser.parse_args(argv))


def run(config: Mapping[str, Any], resource: str, last: int, train: Callable[[int], Mapping[str, float]]) -> None:
    """Train levels 1 .. `last`: `train(level)` goes one further and returns metrics, reported under their names."""
    progress = {"elapsed": 0.0}
    load, save = json_load_save_functions(progress)
    resumed = resume_from_checkpointed_model(config, load)
    before, start = progress["elapsed"], time.monotonic()
    report = Reporter()
    for level in range(1, last + 1) if resumed < last else ():
        metrics = train(level)
        if level == resumed:
            start = time.monotonic()  # what was repeated was paid for before
        if level > resumed:
            progress["elapsed"] = before + time.monotonic() - start
            checkpoint_model_at_rung_level(config, save, level)
            report(**{resource: level, **metrics, "elapsed_time": progress["elapsed"]})
