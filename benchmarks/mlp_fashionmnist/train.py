"""Train a perceptron with two hidden layers on Fashion-MNIST; report the validation accuracy after every epoch.

The training images are split 5:1 (50,000 for training, 10,000 for validation) in the order of the file, which is
shuffled already: the split is the same for all trials. The test images are not touched.
"""

from __future__ import annotations

import argparse
import gzip
import os
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.reporter import Reporter, writing

CLASSES = 10
MEAN, STD = 0.2860, 0.3530  # of all training pixels in [0, 1]
EXAMPLES_AT_ONCE = 2048


def read_idx(path: str) -> Tensor:
    """The uint8 array of a gzipped IDX file (format: yann.lecun.com/exdb/mnist)."""
    with gzip.open(path) as file:
        data = bytearray(file.read())
    rank = data[3]
    start = 4 + 4 * rank
    shape = struct.unpack(f">{rank}I", data[4:start])
    return torch.frombuffer(data, dtype=torch.uint8, offset=start).view(shape)


@dataclass(frozen=True)
class Examples:
    """images: uint8 [n, pixels]; labels: int64 [n]."""

    images: Tensor
    labels: Tensor

    def batches(self, order: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Float images and labels in batches of `size`, in an order (int64 [n]).

        Images stay bytes in memory (a quarter of the space, for each of several trials at once) and are turned into
        floats for many batches at a time, which costs less than batch by batch.
        """
        block = size * max(1, EXAMPLES_AT_ONCE // size)
        for indices in (order[start : start + block] for start in range(0, len(order), block)):
            images = self.images[indices].float().mul_(1 / (255 * STD)).sub_(MEAN / STD)
            labels = self.labels[indices]
            for start in range(0, len(indices), size):
                yield images[start : start + size], labels[start : start + size]


def load(folder: str) -> tuple[Examples, Examples]:
    """Training and validation part."""
    images = read_idx(os.path.join(folder, "train-images-idx3-ubyte.gz")).flatten(1)
    labels = read_idx(os.path.join(folder, "train-labels-idx1-ubyte.gz")).long()
    cut = len(labels) * 5 // 6
    return Examples(images[:cut], labels[:cut]), Examples(images[cut:], labels[cut:])


class Dropout(nn.Module):
    """As nn.Dropout, which draws its masks several times slower on CPUs."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return values
        keep = torch.rand(values.shape) >= self.rate
        return values * keep.float().mul_(1 / (1 - self.rate))


class Adam:
    """Adam (Kingma and Ba 2015, arXiv 1412.6980) with L2 regularisation, by PyTorch's fused CPU kernel.

    The classes of torch.optim import PyTorch's compiler when one is made: a second at the start of every trial.
    """

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float, weight_decay: float) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.state = {
            "mean": [torch.zeros_like(parameter) for parameter in self.parameters],
            "square": [torch.zeros_like(parameter) for parameter in self.parameters],
            "steps": [torch.zeros(()) for _ in self.parameters],
        }

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        for count in self.state["steps"]:
            count += 1
        torch._fused_adam_(
            self.parameters,
            list(gradients),
            self.state["mean"],
            self.state["square"],
            [],
            self.state["steps"],
            lr=self.learning_rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=self.weight_decay,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


class Training:
    """Model, optimizer and progress: all that a checkpoint holds."""

    def __init__(self, args: argparse.Namespace, pixels: int) -> None:
        self.batch_size = args.batch_size
        self.model = nn.Sequential(
            nn.Linear(pixels, args.n_units_1),
            nn.ReLU(),
            Dropout(args.dropout_1),
            nn.Linear(args.n_units_1, args.n_units_2),
            nn.ReLU(),
            Dropout(args.dropout_2),
            nn.Linear(args.n_units_2, CLASSES),
        )
        self.optimizer = Adam(self.model.parameters(), args.learning_rate, args.weight_decay)
        self.epoch = 0
        self.best = 0.0
        self.elapsed = 0.0

    def train(self, examples: Examples) -> None:
        """One epoch. A loss that is no number does no harm: the accuracy will be that of guessing."""
        self.model.train()
        for images, labels in examples.batches(torch.randperm(len(examples.labels)), self.batch_size):
            loss = functional.cross_entropy(self.model(images), labels)
            self.optimizer.step(torch.autograd.grad(loss, self.optimizer.parameters))
        self.epoch += 1

    @torch.inference_mode()
    def accuracy(self, examples: Examples) -> float:
        self.model.eval()
        batches = examples.batches(torch.arange(len(examples.labels)), EXAMPLES_AT_ONCE)
        hits = sum(int((self.model(images).argmax(1) == labels).sum()) for images, labels in batches)
        return hits / len(examples.labels)

    def save(self, path: str) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state,
            "random": torch.get_rng_state(),
            "epoch": self.epoch,
            "best": self.best,
            "elapsed": self.elapsed,
        }
        with writing(path) as file:
            torch.save(state, file)

    def resume(self, path: str) -> None:
        """Go on as if there had been no break."""
        state: dict[str, Any] = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.state = state["optimizer"]
        torch.set_rng_state(state["random"])
        self.epoch, self.best, self.elapsed = state["epoch"], state["best"], state["elapsed"]


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    for name in ("epochs", "n_units_1", "n_units_2", "batch_size"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("dropout_1", "dropout_2", "learning_rate", "weight_decay"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--dataset_path", required=True, help="folder of the Fashion-MNIST files")
    parser.add_argument("--st_checkpoint_dir", help="folder to save to after every epoch, and to resume from")
    parser.add_argument("--report_current_best", type=lambda text: text.lower() in ("true", "1"), default=False)
    parser.add_argument("--train_seed", type=int, help="make the run repeatable; otherwise every run is different")
    known, _ = parser.parse_known_args(argv)  # back-ends may pass more names that start with st_
    return known


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    start = time.monotonic()
    torch.set_flush_denormal(True)  # strong weight decay leads to denormal weights, which are many times slower
    if args.train_seed is not None:
        torch.manual_seed(args.train_seed)
    train, validation = load(args.dataset_path)
    training = Training(args, pixels=train.images.shape[1])
    checkpoint = os.path.join(args.st_checkpoint_dir, "checkpoint.pt") if args.st_checkpoint_dir else None
    if checkpoint and os.path.exists(checkpoint):
        training.resume(checkpoint)
    start -= training.elapsed
    report = Reporter()
    while training.epoch < args.epochs:
        training.train(train)
        accuracy = training.accuracy(validation)
        training.best = max(training.best, accuracy)
        training.elapsed = time.monotonic() - start
        if checkpoint:
            training.save(checkpoint)
        report(
            epoch=training.epoch,
            accuracy=training.best if args.report_current_best else accuracy,
            elapsed_time=training.elapsed,
        )


if __name__ == "__main__":
    main()
