"""Which topic of Python's manual is a paragraph from? Softmax regression on hashed words, trained by mini-batches.

Put your own training here. What matters: an option for each hyper-parameter, one that says how far to train, a report
after each epoch, and (where trials are to be paused and resumed) a checkpoint before it.
"""

import argparse
import zlib
from collections.abc import Mapping
from pydoc_data.topics import topics
from typing import Any

import numpy as np

from harness.checkpoint import (
    add_checkpointing_to_argparse,
    checkpoint_model_at_rung_level,
    json_load_save_functions,
    resume_from_checkpointed_model,
)
from harness.reporter import Reporter

TOPICS = ("debugger", "formatstrings", "specialnames", "types")
BUCKETS = 2000


def load() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Word counts [n, BUCKETS], scaled to length 1, and topics [n]; every fourth paragraph is for validation."""
    blocks = [(block, TOPICS.index(name)) for name in TOPICS for block in topics[name].split("\n\n")]
    counts = np.zeros((len(blocks), BUCKETS))
    for row, (block, _) in enumerate(blocks):
        for word in block.lower().split():
            counts[row, zlib.crc32(word.encode()) % BUCKETS] += 1
    counts /= np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)
    labels = np.array([topic for _, topic in blocks])
    held_out = np.arange(len(blocks)) % 4 == 0
    return counts[~held_out], labels[~held_out], counts[held_out], labels[held_out]


def train_epoch(weights: np.ndarray, x: np.ndarray, y: np.ndarray, config: Mapping[str, Any], epoch: int) -> np.ndarray:
    order = np.random.default_rng(epoch).permutation(len(y))
    for start in range(0, len(y), config["batch_size"]):
        rows = order[start : start + config["batch_size"]]
        scores = x[rows] @ weights
        probabilities = np.exp(scores - scores.max(1, keepdims=True))
        probabilities /= probabilities.sum(1, keepdims=True)
        probabilities[np.arange(len(rows)), y[rows]] -= 1
        gradient = x[rows].T @ probabilities / len(rows) + config["weight_decay"] * weights
        weights = weights - config["learning_rate"] * gradient
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning_rate", type=float, required=True)
    parser.add_argument("--weight_decay", type=float, required=True)
    parser.add_argument("--batch_size", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    add_checkpointing_to_argparse(parser)
    config = vars(parser.parse_args())
    x, y, x_validation, y_validation = load()
    state: dict[str, Any] = {"weights": np.zeros((BUCKETS, len(TOPICS))).tolist()}
    load_model, save_model = json_load_save_functions(state)
    resume_from = resume_from_checkpointed_model(config, load_model)
    weights = np.array(state["weights"])
    report = Reporter()
    for epoch in range(resume_from + 1, config["epochs"] + 1):
        weights = train_epoch(weights, x, y, config, epoch)
        accuracy = np.mean((x_validation @ weights).argmax(1) == y_validation)
        state["weights"] = weights.tolist()
        checkpoint_model_at_rung_level(config, save_model, epoch)
        report(epoch=epoch, accuracy=accuracy)


if __name__ == "__main__":
    main()
