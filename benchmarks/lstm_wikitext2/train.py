"""Train a language model of two LSTM layers on WikiText-2; report the validation perplexity, negated, as `objective`.

Sizes as in PyTorch's example of a word language model: 200 units, embedding and output layer share their weights
(arXiv 1608.05859), back-propagation through 35 words. Plain SGD on clipped gradients; where an epoch does not improve
the validation loss, the learning rate is divided by `lr_factor`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.lstm_wikitext2.data import Corpus, load, tiny
from benchmarks.pytorch import Precision, parse, run_epochs

OPTIONS = {"lr": float, "dropout": float, "batch_size": int, "clip": float, "lr_factor": float}
WORDS_BACK = 35
VALIDATION_STREAMS = 10
# exp(10): a diverging run reports a perplexity of 22,026 and not infinity.
WORST_LOSS = 10.0

State = tuple[Tensor, Tensor]


class LanguageModel(nn.Module):
    def __init__(self, words: int, units: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, units)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(units, units, layers, dropout=dropout if layers > 1 else 0.0)
        self.output = nn.Linear(units, words)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.zeros_(self.output.bias)
        self.output.weight = self.embedding.weight

    def forward(self, words: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Scores [time, streams, words] of the words that follow `words` (int64 [time, streams])."""
        values, state = self.lstm(self.dropout(self.embedding(words)), state)
        return self.output(self.dropout(values)), state


def streams(words: Tensor, count: int) -> Tensor:
    """The text cut into `count` streams side by side: [time, count]; what does not divide is left out."""
    length = len(words) // count
    return words[: length * count].view(count, length).t().contiguous()


def pieces(text: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Successive pieces of the streams, and the words that follow each of theirs."""
    for start in range(0, len(text) - 1, WORDS_BACK):
        end = min(start + WORDS_BACK, len(text) - 1)
        yield text[start:end], text[start + 1 : end + 1]


class Training:
    def __init__(self, args: argparse.Namespace, corpus: Corpus) -> None:
        self.precision = Precision()
        device = self.precision.device
        self.clip, self.lr_factor = args.clip, args.lr_factor
        self.train = streams(corpus.train, args.batch_size).to(device)
        self.validation = streams(corpus.validation, VALIDATION_STREAMS).to(device)
        units, layers = (32, 1) if args.tiny else (200, 2)
        self.model = LanguageModel(corpus.words, units, layers, args.dropout).to(device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), args.lr)

    def epoch(self, state: dict[str, Any]) -> Mapping[str, float]:
        """`state["best_loss"]` is the least validation loss so far; the learning rate is the optimizer's."""
        self.model.train()
        memory: State | None = None
        for words, following in pieces(self.train):
            with self.precision.autocast():
                scores, memory = self.model(words, memory)
                loss = functional.cross_entropy(scores.flatten(0, 1), following.flatten())
            memory = (memory[0].detach(), memory[1].detach())
            self.precision.step(loss, self.optimizer, self.clip)
        loss_now = self.validation_loss()
        if loss_now < state["best_loss"]:
            state["best_loss"] = loss_now
        else:
            for group in self.optimizer.param_groups:
                group["lr"] /= self.lr_factor
        return {"objective": -math.exp(loss_now)}

    @torch.inference_mode()
    def validation_loss(self) -> float:
        """Mean negative log-likelihood of a word, in nats; at most WORST_LOSS, which stands for NaN as well."""
        self.model.eval()
        memory: State | None = None
        total = 0.0
        for words, following in pieces(self.validation):
            with self.precision.autocast():
                scores, memory = self.model(words, memory)
            loss = functional.cross_entropy(scores.float().flatten(0, 1), following.flatten(), reduction="sum")
            total += float(loss)
        mean = total / ((len(self.validation) - 1) * VALIDATION_STREAMS)
        return min(mean, WORST_LOSS) if math.isfinite(mean) else WORST_LOSS


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(__doc__, OPTIONS, argv)
    training = Training(args, tiny() if args.tiny else load(args.dataset_path))
    parts = {"model": training.model, "optimizer": training.optimizer, "scaler": training.precision.scaler}
    run_epochs(args, parts, training.epoch, "objective", {"best_loss": WORST_LOSS})


if __name__ == "__main__":
    main()
