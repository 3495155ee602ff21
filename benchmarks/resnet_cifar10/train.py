"""Train a ResNet-18 (He et al. 2016, arXiv 1512.03385) on CIFAR-10; report the validation accuracy.

The first convolution is 3 x 3 with stride 1 and nothing is pooled before the blocks, as is usual for small images.
Momentum SGD; the learning rate falls tenfold after epochs 25 and 40. Images are shifted by up to an eighth and mirrored
(digits, in --tiny, are not mirrored).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.pytorch import Precision, batches, parse, run_epochs
from benchmarks.resnet_cifar10.data import Images, load, tiny

OPTIONS = {"batch_size": int, "momentum": float, "weight_decay": float, "lr": float}
CLASSES = 10
MILESTONES = (25, 40)
EXAMPLES_AT_ONCE = 500


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, values: Tensor) -> Tensor:
        return functional.relu(self.layers(values) + self.shortcut(values))


def resnet(width: int, blocks: int) -> nn.Module:
    """`blocks` in each of four stages of width, 2 width, 4 width, 8 width channels. ResNet-18: (64, 2)."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    inputs = width
    for stage in range(4):
        for block in range(blocks):
            outputs = width << stage
            layers.append(Block(inputs, outputs, stride=2 if stage and not block else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, CLASSES))


def augmented(images: Tensor, mirror: bool) -> Tensor:
    """Images [n, c, h, w], each shifted by up to an eighth of its size (black moves in); `mirror`: half are mirrored.

    Drawn on the CPU, so that the draws are the same on all devices.
    """
    count, _, height, width = images.shape
    margin = height // 8
    padded = functional.pad(images, [margin] * 4)
    device = images.device
    down, right = (torch.randint(2 * margin + 1, (count, 1)).to(device) for _ in range(2))
    rows = (down + torch.arange(height, device=device))[:, None, :, None]
    columns = (right + torch.arange(width, device=device))[:, None, None, :]
    if mirror:
        flipped = (torch.rand(count) < 0.5).to(device)[:, None, None, None]
        columns = torch.where(flipped, columns.flip(-1), columns)
    n = torch.arange(count, device=device)[:, None, None, None]
    return padded[n, torch.arange(images.shape[1], device=device)[None, :, None, None], rows, columns]


class Training:
    def __init__(self, args: argparse.Namespace, train: Images, validation: Images) -> None:
        self.precision = Precision()
        device = self.precision.device
        self.train, self.validation = train.to(device), validation.to(device)
        pixels = train.pixels.float() / 255
        self.mean, self.std = (
            value.view(1, 3, 1, 1).to(device) for value in (pixels.mean((0, 2, 3)), pixels.std((0, 2, 3)))
        )
        self.batch_size, self.mirror = args.batch_size, not args.tiny
        model: Any = resnet(8, 1) if args.tiny else resnet(64, 2)
        self.model = model.to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), args.lr, momentum=args.momentum, weight_decay=args.weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, list(MILESTONES), gamma=0.1)

    def _input(self, pixels: Tensor) -> Tensor:
        return ((pixels.float() / 255 - self.mean) / self.std).contiguous(memory_format=torch.channels_last)

    def epoch(self, _: dict[str, Any]) -> Mapping[str, float]:
        self.model.train()
        for indices in batches(len(self.train.labels), self.batch_size, self.precision.device, shuffled=True):
            pixels = augmented(self.train.pixels[indices], self.mirror)
            with self.precision.autocast():
                loss = functional.cross_entropy(self.model(self._input(pixels)), self.train.labels[indices])
            self.precision.step(loss, self.optimizer)
        self.schedule.step()
        return {"objective": self.accuracy()}

    @torch.inference_mode()
    def accuracy(self) -> float:
        """Share of validation images whose class is found. Not a number counts as a wrong class."""
        self.model.eval()
        hits = 0
        for indices in batches(len(self.validation.labels), EXAMPLES_AT_ONCE, self.precision.device, shuffled=False):
            with self.precision.autocast():
                scores = self.model(self._input(self.validation.pixels[indices]))
            hits += int((scores.argmax(1) == self.validation.labels[indices]).sum())
        return hits / len(self.validation.labels)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(__doc__, OPTIONS, argv)
    training = Training(args, *(tiny() if args.tiny else load(args.dataset_path)))
    parts = {
        "model": training.model,
        "optimizer": training.optimizer,
        "schedule": training.schedule,
        "scaler": training.precision.scaler,
    }
    run_epochs(args, parts, training.epoch, "objective")


if __name__ == "__main__":
    main()
