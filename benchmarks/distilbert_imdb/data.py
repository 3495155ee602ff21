"""Film reviews of IMDB from a folder: the authors' archive (packed or not) or a table; tiny: two topics of manuals."""

from __future__ import annotations

import glob
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from benchmarks.distilbert_imdb import FORMATS
from benchmarks.pydocs import paragraphs
from benchmarks.pytorch import no_data

ARCHIVE = "aclImdb_v1.tar.gz"
TINY_TOPICS = ("debugger", "specialnames")


@dataclass(frozen=True)
class Reviews:
    """labels: 1 for positive, 0 for negative."""

    texts: Sequence[str]
    labels: Sequence[int]


def load(folder: str) -> tuple[Reviews, Reviews]:
    """Training and validation reviews: 4 to 1 of the labelled training part, in one fixed random order."""
    found = list(_labelled(folder))
    if not found:
        raise no_data(folder, FORMATS)
    return _split(found)


def _labelled(folder: str) -> Iterator[tuple[str, int]]:
    for root in (folder, os.path.join(folder, "aclImdb")):
        for label, name in enumerate(("neg", "pos")):
            for path in sorted(glob.glob(os.path.join(glob.escape(root), "train", name, "*.txt"))):
                with open(path, encoding="utf-8") as file:
                    yield file.read(), label
        if os.path.isdir(os.path.join(root, "train")):
            return
    archive = os.path.join(folder, ARCHIVE)
    if os.path.exists(archive):
        yield from _packed(archive)
        return
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*.parquet"))):
        yield from _table(path)


def _packed(path: str) -> Iterator[tuple[str, int]]:
    with tarfile.open(path) as archive:
        found = {}
        for member in archive:
            parts = member.name.split("/")
            if member.isfile() and parts[1:3] in (["train", "neg"], ["train", "pos"]):
                content = archive.extractfile(member)
                found[member.name] = content.read().decode() if content else ""
    for name in sorted(found):
        yield found[name], int("/pos/" in name)


def _table(path: str) -> Iterator[tuple[str, int]]:
    """Columns `review` and `sentiment` (1 = positive)."""
    import pyarrow.parquet

    rows = pyarrow.parquet.read_table(path, columns=["review", "sentiment"])
    yield from zip(rows["review"].to_pylist(), rows["sentiment"].to_pylist(), strict=True)


def tiny() -> tuple[Reviews, Reviews]:
    """A few hundred paragraphs of two topics of Python's documentation, to be told apart."""
    return _split([(text, TINY_TOPICS.index(topic)) for topic, text in paragraphs() if topic in TINY_TOPICS])


def _split(found: Sequence[tuple[str, int]]) -> tuple[Reviews, Reviews]:
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0)).tolist()
    cut = len(found) * 4 // 5
    parts = [Reviews(*zip(*(found[index] for index in part), strict=True)) for part in (order[:cut], order[cut:])]
    return parts[0], parts[1]
