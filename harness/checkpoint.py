"""Checkpoints in training scripts, so that a trial that was paused goes on where it stopped.

Standard library only; `benchmarks.pytorch` has the two functions for PyTorch:

    from benchmarks.pytorch import pytorch_load_save_functions
    from harness.checkpoint import (
        add_checkpointing_to_argparse, checkpoint_model_at_rung_level, resume_from_checkpointed_model)
    add_checkpointing_to_argparse(parser)
    config = vars(parser.parse_args())
    load, save = pytorch_load_save_functions({"model": model, "optimizer": optimizer})
    for epoch in range(resume_from_checkpointed_model(config, load) + 1, config["epochs"] + 1):
        ...
        checkpoint_model_at_rung_level(config, save, epoch)
        report(epoch=epoch, loss=loss)
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from harness.reporter import writing

ST_CHECKPOINT_DIR = "st_checkpoint_dir"

Load = Callable[[str], int]
Save = Callable[[str, int], None]


def add_checkpointing_to_argparse(parser: argparse.ArgumentParser) -> None:
    """Add the option by which the tuner names the folder; without it nothing is saved or resumed."""
    parser.add_argument(f"--{ST_CHECKPOINT_DIR}", help="folder to save to, and to resume from")


def resume_from_checkpointed_model(config: Mapping[str, Any], load_model_fn: Load) -> int:
    """Level to resume from: what `load_model_fn(folder)` returns, 0 where there is no folder to look in."""
    folder = config.get(ST_CHECKPOINT_DIR)
    return load_model_fn(folder) if folder and os.path.isdir(folder) else 0


def checkpoint_model_at_rung_level(config: Mapping[str, Any], save_model_fn: Save, resource: int) -> None:
    """Call `save_model_fn(folder, resource)` where the tuner named a folder. Do so before reporting the level: the
    report may be the last thing that the script lives to do."""
    folder = config.get(ST_CHECKPOINT_DIR)
    if folder:
        os.makedirs(folder, exist_ok=True)
        save_model_fn(folder, resource)


def json_load_save_functions(state: dict[str, Any], fname: str = "checkpoint.json") -> tuple[Load, Save]:
    """`load_model_fn` and `save_model_fn` for a dictionary of plain values, which loading updates."""

    def load(folder: str) -> int:
        try:
            with open(os.path.join(folder, fname), encoding="utf-8") as file:
                saved = json.load(file)
        except FileNotFoundError:
            return 0
        state.update(saved["state"])
        return int(saved["resource"])

    def save(folder: str, resource: int) -> None:
        with writing(os.path.join(folder, fname)) as aside, open(aside, "w", encoding="utf-8") as file:
            json.dump({"resource": resource, "state": state}, file)

    return load, save
