"""WikiText-2 from a folder: the authors' archive, its files, or plain text; tiny: Python's documentation."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.lstm_wikitext2 import FORMATS
from benchmarks.pydocs import paragraphs
from benchmarks.pytorch import no_data

ARCHIVE = "wikitext-2-v1.zip"
END, UNKNOWN = "<eos>", "<unk>"
TINY_TRAIN, TINY_VALIDATION, TINY_WORDS = 12_000, 3_000, 400


@dataclass(frozen=True)
class Corpus:
    """train, validation: word numbers (int64 [n]); words: how many different ones there are."""

    train: Tensor
    validation: Tensor
    words: int


def load(folder: str) -> Corpus:
    """Training and validation part. Without a training part (some collections lack it) the test part stands for it."""
    validation = _words(folder, "valid")
    train = _words(folder, "train") or _words(folder, "test")
    if train is None or validation is None:
        raise no_data(folder, FORMATS)
    return _numbered(train, validation, len(train) + len(validation))


def _words(folder: str, part: str) -> list[str] | None:
    archive = os.path.join(folder, ARCHIVE)
    if os.path.exists(archive):
        with zipfile.ZipFile(archive) as packed:
            return _split(packed.read(f"wikitext-2/wiki.{part}.tokens").decode())
    for name in (f"wiki.{part}.tokens", f"{part}.txt", f"{part}.txt.gz"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with gzip.open(path, "rt", encoding="utf-8") if name.endswith(".gz") else open(path, encoding="utf-8") as f:
                return _split(f.read())
    return None


def _split(text: str) -> list[str]:
    return [word for line in text.splitlines() for word in (*line.split(), END)]


def tiny() -> Corpus:
    """Paragraphs of Python's documentation, every tenth for validation, by their most frequent words."""
    blocks = [_split(text.lower()) for _, text in paragraphs()]
    train = [word for index, block in enumerate(blocks) if index % 10 for word in block][:TINY_TRAIN]
    validation = [word for block in blocks[::10] for word in block][:TINY_VALIDATION]
    return _numbered(train, validation, TINY_WORDS)


def _numbered(train: Sequence[str], validation: Sequence[str], limit: int) -> Corpus:
    """Words by frequency; from the `limit`-th on they are one, the unknown word."""
    counts = Counter([UNKNOWN, *train, *validation])
    kept = [word for word, _ in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:limit]]
    numbers = {word: number for number, word in enumerate(dict.fromkeys([UNKNOWN, *kept]))}
    parts = [torch.tensor([numbers.get(word, 0) for word in words]) for words in (train, validation)]
    return Corpus(parts[0], parts[1], len(numbers))
