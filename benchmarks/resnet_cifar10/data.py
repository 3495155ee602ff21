"""CIFAR-10 from a folder: the authors' binary version (packed or not) or a table of JPEG files; tiny: digits."""

from __future__ import annotations

import glob
import io
import os
import tarfile
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.pytorch import no_data
from benchmarks.resnet_cifar10 import FORMATS

BATCHES = [f"data_batch_{number}.bin" for number in range(1, 6)]
RECORD = 1 + 3 * 32 * 32


@dataclass(frozen=True)
class Images:
    """pixels: uint8 [n, channels, height, width]; labels: int64 [n]."""

    pixels: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Images:
        return Images(self.pixels.to(device), self.labels.to(device))


def load(folder: str) -> tuple[Images, Images]:
    """Training and validation images: 4 to 1 of the training part, in the order of the files (which is random)."""
    for part in (folder, os.path.join(folder, "cifar-10-batches-bin")):
        if os.path.exists(os.path.join(part, BATCHES[0])):
            return _split(_records(b"".join(_read(os.path.join(part, name)) for name in BATCHES)))
    archive = os.path.join(folder, "cifar-10-binary.tar.gz")
    if os.path.exists(archive):
        return _split(_records(_unpacked(archive)))
    tables = sorted(glob.glob(os.path.join(glob.escape(folder), "*.parquet")))
    if not tables:
        raise no_data(folder, FORMATS)
    return _split(_jpegs(tables[0]))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _unpacked(path: str) -> bytes:
    with tarfile.open(path) as archive:
        members = [archive.extractfile(f"cifar-10-batches-bin/{name}") for name in BATCHES]
        return b"".join(member.read() for member in members if member is not None)


def _records(data: bytes) -> Images:
    records = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(-1, RECORD)
    return Images(records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].long())


def _jpegs(path: str) -> Images:
    """Columns `split` ("train" counts), `label` and `jpeg`."""
    import numpy as np
    import pyarrow.parquet
    from PIL import Image

    rows = [row for row in pyarrow.parquet.read_table(path).to_pylist() if row["split"] == "train"]
    arrays = [np.asarray(Image.open(io.BytesIO(row["jpeg"])).convert("RGB")) for row in rows]
    pixels = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous()
    return Images(pixels, torch.tensor([row["label"] for row in rows]))


def tiny() -> tuple[Images, Images]:
    """The first 500 of scikit-learn's handwritten digits, twice as large (16 x 16) and in three equal channels."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    grey = torch.from_numpy(pixels[:500] * (255 / 16)).round().to(torch.uint8).view(-1, 1, 8, 8)
    large = grey.repeat_interleave(2, 2).repeat_interleave(2, 3)
    return _split(Images(large.expand(-1, 3, -1, -1).contiguous(), torch.from_numpy(labels[:500]).long()))


def _split(images: Images) -> tuple[Images, Images]:
    cut = len(images.labels) * 4 // 5
    parts = [Images(images.pixels[part], images.labels[part]) for part in (slice(cut), slice(cut, None))]
    return parts[0], parts[1]
