"""What training scripts in PyTorch share: checkpoints, mixed precision, and the loop over epochs."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from harness.checkpoint import (
    Load,
    Save,
    add_checkpointing_to_argparse,
    checkpoint_model_at_rung_level,
    resume_from_checkpointed_model,
)
from harness.reporter import Reporter, writing


def pytorch_load_save_functions(
    state_dict_objects: Mapping[str, Any], mutable_state: dict[str, Any] | None = None, fname: str = "checkpoint.pt"
) -> tuple[Load, Save]:
    """`load_model_fn` and `save_model_fn` for `harness.checkpoint`.

    Args:
        state_dict_objects: name -> model, optimizer, learning rate schedule, ... (all with `state_dict`).
        mutable_state: plain values that are part of the state too; loading updates the dictionary.

    The state of PyTorch's random generators is saved as well: a resumed training goes on as if unbroken. Files are
    written aside and moved, and read as data alone (`weights_only`). RuntimeError (of `load_state_dict`) where a
    checkpoint is of another model.
    """

    def load(folder: str) -> int:
        path = os.path.join(folder, fname)
        if not os.path.exists(path):
            return 0
        saved = torch.load(path, weights_only=True, map_location="cpu")
        for name, target in state_dict_objects.items():
            target.load_state_dict(saved["objects"][name])
        if mutable_state is not None:
            mutable_state.update(saved["mutable"])
        torch.set_rng_state(saved["random"])
        if torch.cuda.is_available() and saved["cuda_random"]:
            torch.cuda.set_rng_state_all(saved["cuda_random"])
        return int(saved["resource"])

    def save(folder: str, resource: int) -> None:
        state = {
            "resource": resource,
            "objects": {name: source.state_dict() for name, source in state_dict_objects.items()},
            "mutable": dict(mutable_state or {}),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }
        with writing(os.path.join(folder, fname)) as aside:
            torch.save(state, aside)

    return load, save


class Precision:
    """Mixed precision on a GPU that has it in hardware, single precision elsewhere.

    bfloat16 where the GPU computes it; else float16, with the loss scaled (arXiv 1710.03740).
    """

    def __init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        on_gpu = self.device.type == "cuda"
        brain = on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)
        self._enabled = on_gpu
        self._type = torch.bfloat16 if brain or not on_gpu else torch.float16
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=on_gpu and not brain)

    def autocast(self) -> AbstractContextManager[None]:
        context: AbstractContextManager[None] = torch.autocast(self.device.type, self._type, enabled=self._enabled)
        return context

    def step(self, loss: Tensor, optimizer: torch.optim.Optimizer, clip: float | None = None) -> None:
        """Gradients of the loss, clipped to a norm, and a step of the optimizer."""
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(self.scaler.scale(loss))
        if clip is not None:
            self.scaler.unscale_(optimizer)
            parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, clip)
        self.scaler.step(optimizer)
        self.scaler.update()


def flag(text: str) -> bool:
    return text.lower() in ("true", "1")


def parse(description: str | None, options: Mapping[str, Any], argv: Sequence[str] | None) -> argparse.Namespace:
    """The values of these options (name -> type), and of those that all scripts have."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    for name, kind in options.items():
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--dataset_path", help="folder with the data; --tiny needs none")
    parser.add_argument("--tiny", type=flag, default=False, help="a small model on data that packages bring along")
    parser.add_argument("--report_current_best", type=flag, default=False)
    parser.add_argument("--train_seed", type=int, help="make the run repeatable; otherwise every run is different")
    add_checkpointing_to_argparse(parser)
    known, _ = parser.parse_known_args(argv)  # back-ends may pass more names that start with st_
    if known.dataset_path is None and not known.tiny:
        parser.error("--dataset_path: which folder holds the data? (or --tiny True)")
    if known.train_seed is not None:
        torch.manual_seed(known.train_seed)
    return known


def no_data(folder: str, formats: Sequence[str]) -> SystemExit:
    """What to raise where a folder holds no file of a known format."""
    return SystemExit(f"--dataset_path {folder}: it holds none of {', '.join(formats)}")


def batches(count: int, size: int, device: torch.device, *, shuffled: bool) -> Iterator[Tensor]:
    """Indices 0 .. count - 1 (int64) in batches; drawn on the CPU, so that the order is the same on all devices."""
    order = torch.randperm(count) if shuffled else torch.arange(count)
    yield from torch.split(order.to(device), size)


def run_epochs(
    args: argparse.Namespace,
    state_dict_objects: Mapping[str, Any],
    epoch_of: Callable[[dict[str, Any]], Mapping[str, float]],
    metric: str,
    state: Mapping[str, Any] | None = None,
) -> None:
    """Train up to `args.epochs`, from the checkpoint if there is one; save and report after each.

    Args:
        epoch_of: trains one epoch; gets the plain values of the state, which it may change; returns metrics.
        metric: the one that is to be large; with `report_current_best` its best value so far is reported.
        state: plain values that are part of the state at the start.
    """
    mutable: dict[str, Any] = {"elapsed": 0.0, "best": -float("inf"), **(state or {})}
    load, save = pytorch_load_save_functions(state_dict_objects, mutable)
    first = resume_from_checkpointed_model(vars(args), load) + 1
    start = time.monotonic() - mutable["elapsed"]
    report = Reporter()
    for epoch in range(first, args.epochs + 1):
        metrics = dict(epoch_of(mutable))
        mutable["best"] = max(mutable["best"], metrics[metric])
        mutable["elapsed"] = time.monotonic() - start
        checkpoint_model_at_rung_level(vars(args), save, epoch)
        if args.report_current_best:
            metrics[metric] = mutable["best"]
        report(epoch=epoch, elapsed_time=mutable["elapsed"], **metrics)
