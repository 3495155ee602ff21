"""Make the table of `mlp_fashionmnist`: random configurations, each trained by the benchmark's own train.py.

    .venv/bin/python scripts/record_mlp_fashionmnist.py --work FOLDER

Takes about 25 minutes of one core. Every finished training is a line of FOLDER/trainings.jsonl; started again, it goes
on after the last one. Times are seconds of processor time on one thread, which other work on the machine hardly
disturbs: what the training would take with the core for itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.datasets import DATASETS
from benchmarks.mlp_fashionmnist.definition import TABLE, MlpOptions, define
from benchmarks.mlp_fashionmnist.train import Examples, Training, load
from harness.blackbox.description import Description
from harness.blackbox.writing import write_table
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Config
from harness.datasets import locate
from harness.searchers.random import RandomOptions, RandomSearcher

CONFIGURATIONS, EPOCHS, SEED = 512, 9, 0
# Few images train, so that all this fits into half an hour; many validate, so that accuracies hardly ever tie.
TRAIN, VALIDATION = 1500, 5000
PIXELS = 28 * 28
ABOUT = (
    f"Two-layer perceptron on Fashion-MNIST: {CONFIGURATIONS} random configurations (searcher random, seed {SEED}), "
    f"{EPOCHS} epochs each, all really trained by train.py on the first {TRAIN:,} of the training images and validated "
    f"on the first {VALIDATION:,} of the validation images. elapsed_time is processor time of one thread, validation "
    "included, the start of Python not. Made by scripts/record_mlp_fashionmnist.py."
)


def configurations(problem: Problem) -> Iterator[Config]:
    """Those that random search of seed `SEED` tries first."""
    searcher, history = RandomSearcher(Context(problem, SEED), RandomOptions()), History(problem)
    for number in range(CONFIGURATIONS):
        config = searcher.suggest(history, trial_id=number, resource=None)
        assert config is not None
        history.start(config, until=None, bracket=0, milestone=None)
        yield config


def trained(config: Config, seed: int, train: Examples, validation: Examples) -> list[dict[str, Any]]:
    """A row for each epoch."""
    torch.manual_seed(seed)
    start = time.process_time()
    training = Training(argparse.Namespace(**config), PIXELS)
    rows = []
    for epoch in range(1, EPOCHS + 1):
        training.train(train)
        accuracy = training.accuracy(validation)
        rows.append({**config, "epoch": epoch, "elapsed_time": time.process_time() - start, "accuracy": accuracy})
    return rows


def first(examples: Examples, count: int) -> Examples:
    return Examples(examples.images[:count], examples.labels[:count])


def record(done: Path, folder: Path, problem: Problem) -> list[dict[str, Any]]:
    """The rows of all configurations, trained on the data set in `folder` where `done` lacks them."""
    lines = done.read_text().splitlines() if done.exists() else []
    train, validation = load(str(folder))
    train, validation = first(train, TRAIN), first(validation, VALIDATION)
    with done.open("a") as file:
        for number, config in enumerate(configurations(problem)):
            if number >= len(lines):
                lines.append(json.dumps(trained(config, number, train, validation)))
                print(lines[-1], file=file, flush=True)
                print(f"{number + 1} of {CONFIGURATIONS}", file=sys.stderr)
    return [row for line in lines for row in json.loads(line)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the trainings done so far")
    parser.add_argument("--dataset_path", help="folder of the Fashion-MNIST files, if they are not to be looked for")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    args.work.mkdir(parents=True, exist_ok=True)
    problem = define(MlpOptions(), EPOCHS).problem
    rows = record(args.work / "trainings.jsonl", locate(DATASETS["fashion_mnist"], folder=args.dataset_path), problem)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    space = problem.space
    write_table(TABLE, columns, Description(space, "epoch", "elapsed_time", {"accuracy": "max"}, None, about=ABOUT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
