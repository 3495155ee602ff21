"""Fine-tune DistilBERT (arXiv 1910.01108) to tell positive from negative film reviews; report the validation accuracy.

AdamW; the learning rate rises over the first tenth of the first epoch and then stays. The pretrained model is read from
a folder (--model_path) or fetched by the library `transformers`, which keeps it in its cache.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from benchmarks.distilbert_imdb.data import Reviews, load, tiny
from benchmarks.pytorch import Precision, batches, parse, run_epochs

OPTIONS = {"learning_rate": float, "weight_decay": float, "batch_size": int, "max_length": int, "model_path": str}
PADDING, UNKNOWN = 0, 1
TINY_WORDS = 1000
EXAMPLES_AT_ONCE = 64

# Word numbers of texts: int64 [texts, length], PADDING after their ends.
Tokenizer = Callable[[Sequence[str]], Tensor]


def pretrained(path: str, max_length: int) -> tuple[Any, Tokenizer]:
    """Model and tokenizer of a folder, or of a name on the hub. SystemExit where they cannot be had."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModelForSequenceClassification.from_pretrained(path, num_labels=2)
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise SystemExit(
            f"--model_path {path}: no pretrained model there, and none could be fetched: {reason}"
        ) from None

    def numbers(texts: Sequence[str]) -> Tensor:
        encoded = tokenizer(list(texts), truncation=True, max_length=max_length, padding=True, return_tensors="pt")
        tokens: Tensor = encoded["input_ids"]
        return tokens.masked_fill(encoded["attention_mask"] == 0, PADDING)

    return model, numbers


def untrained(texts: Sequence[str], max_length: int) -> tuple[Any, Tokenizer]:
    """A model of one small layer, and a tokenizer for the most frequent words of `texts`."""
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    counts = Counter(word for text in texts for word in text.lower().split())
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[:TINY_WORDS]
    known = {word: number for number, word in enumerate(frequent, start=UNKNOWN + 1)}
    config = DistilBertConfig(
        vocab_size=len(known) + 2,
        max_position_embeddings=max_length,
        n_layers=1,
        n_heads=2,
        dim=32,
        hidden_dim=64,
        num_labels=2,
        pad_token_id=PADDING,
    )

    def numbers(some: Sequence[str]) -> Tensor:
        rows = [[known.get(word, UNKNOWN) for word in text.lower().split()][:max_length] for text in some]
        return torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)

    return DistilBertForSequenceClassification(config), numbers


class Training:
    def __init__(self, args: argparse.Namespace, train: Reviews, validation: Reviews) -> None:
        self.precision = Precision()
        device = self.precision.device
        if args.tiny:
            model, tokenizer = untrained(train.texts, args.max_length)
        else:
            model, tokenizer = pretrained(args.model_path, args.max_length)
        self.model = model.to(device)
        self.batch_size = args.batch_size
        self.train, self.train_labels = tokenizer(train.texts), torch.tensor(train.labels)
        self.validation, self.validation_labels = tokenizer(validation.texts), torch.tensor(validation.labels)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), args.learning_rate, weight_decay=args.weight_decay)
        warm_up = max(1, len(train.labels) // args.batch_size // 10)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: min(1.0, (step + 1) / warm_up))

    def _scores(self, tokens: Tensor) -> Tensor:
        """Scores [n, 2]; tokens are cut to the longest text of these."""
        length = max(1, int((tokens != PADDING).sum(1).max()))
        tokens = tokens[:, :length].to(self.precision.device)
        scores: Tensor = self.model(input_ids=tokens, attention_mask=(tokens != PADDING).long()).logits
        return scores

    def epoch(self, _: dict[str, Any]) -> Mapping[str, float]:
        self.model.train()
        for indices in batches(len(self.train_labels), self.batch_size, torch.device("cpu"), shuffled=True):
            labels = self.train_labels[indices].to(self.precision.device)
            with self.precision.autocast():
                loss = torch.nn.functional.cross_entropy(self._scores(self.train[indices]), labels)
            self.precision.step(loss, self.optimizer, clip=1.0)
            self.schedule.step()
        return {"accuracy": self.accuracy()}

    @torch.inference_mode()
    def accuracy(self) -> float:
        self.model.eval()
        hits = 0
        for indices in batches(len(self.validation_labels), EXAMPLES_AT_ONCE, torch.device("cpu"), shuffled=False):
            with self.precision.autocast():
                found = self._scores(self.validation[indices]).argmax(1).cpu()
            hits += int((found == self.validation_labels[indices]).sum())
        return hits / len(self.validation_labels)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(__doc__, OPTIONS, argv)
    training = Training(args, *(tiny() if args.tiny else load(args.dataset_path)))
    parts = {
        "model": training.model,
        "optimizer": training.optimizer,
        "schedule": training.schedule,
        "scaler": training.precision.scaler,
    }
    run_epochs(args, parts, training.epoch, "accuracy")


if __name__ == "__main__":
    main()
