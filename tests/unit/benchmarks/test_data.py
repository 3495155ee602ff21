"""Data formats that the benchmarks in PyTorch read."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from harness.cli.prepare import DataFinder
from harness.errors import EnvironmentFault
from harness.manifest.raw import Raw
from harness.plan.build import build

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
BENCHMARKS = ("resnet_cifar10", "lstm_wikitext2", "distilbert_imdb")


def load(name, folder):
    return import_module(f"benchmarks.{name}.data").load(str(folder))


def packed(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def test_cifars_binary_version_packed_and_not(tmp_path):
    records = np.random.default_rng(0).integers(0, 10, (25, 3073), dtype=np.uint8)
    parts = {f"data_batch_{number + 1}.bin": records[5 * number : 5 * number + 5].tobytes() for number in range(5)}
    archive, plain = tmp_path / "archive", tmp_path / "plain"
    archive.mkdir()
    plain.mkdir()
    packed(archive / "cifar-10-binary.tar.gz", {f"cifar-10-batches-bin/{name}": data for name, data in parts.items()})
    for name, data in parts.items():
        (plain / name).write_bytes(data)
    for folder in (archive, plain):
        train, validation = load("resnet_cifar10", folder)
        assert train.pixels.shape == (20, 3, 32, 32) and len(validation.labels) == 5
        assert train.labels.tolist() == records[:20, 0].tolist()
        assert (train.pixels.flatten(1).numpy() == records[:20, 1:]).all()


def test_wikitexts_archive_and_plain_text(tmp_path):
    archive, plain = tmp_path / "archive", tmp_path / "plain"
    archive.mkdir()
    plain.mkdir()
    with zipfile.ZipFile(archive / "wikitext-2-v1.zip", "w") as packed_:
        packed_.writestr("wikitext-2/wiki.train.tokens", " a b a \n")
        packed_.writestr("wikitext-2/wiki.valid.tokens", " b c \n")
    (plain / "test.txt").write_text("a b a\n")
    (plain / "valid.txt.gz").write_bytes(gzip.compress(b"b c\n"))
    for folder in (archive, plain):
        corpus = load("lstm_wikitext2", folder)
        assert (len(corpus.train), len(corpus.validation)) == (4, 3)
        assert corpus.train[0] == corpus.train[2] != corpus.train[1] == corpus.validation[0]
        assert corpus.train[3] == corpus.validation[2], "ends of lines are a word"
        assert corpus.words == 5


def test_imdbs_archive_and_folders(tmp_path):
    texts = {
        f"aclImdb/train/{kind}/{number}_1.txt": f"{kind} {number}" for kind in ("pos", "neg") for number in "01234"
    }
    archive, plain = tmp_path / "archive", tmp_path / "plain"
    archive.mkdir()
    members = {name: text.encode() for name, text in texts.items()} | {"aclImdb/train/unsup/0_0.txt": b"x"}
    packed(archive / "aclImdb_v1.tar.gz", members)
    for name, text in texts.items():
        path = plain / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = [load("distilbert_imdb", folder) for folder in (archive, plain)]
    assert found[0] == found[1]
    train, validation = found[0]
    assert sorted((*train.texts, *validation.texts)) == sorted(texts.values())
    assert all(
        text.startswith("pos" if label else "neg") for text, label in zip(train.texts, train.labels, strict=True)
    )


@pytest.mark.parametrize(
    ("name", "folder", "count"),
    [
        ("resnet_cifar10", "cifar10_jpeg_subset", 4800),
        ("lstm_wikitext2", "wikitext2_valid_test", 245_569),
        ("distilbert_imdb", "imdb_reviews_5000", 4000),
    ],
)
def test_real_samples(name, folder, count):
    if not (SHARED / folder).is_dir():
        pytest.skip("the samples are not here")
    pytest.importorskip("PIL")
    found = load(name, SHARED / folder)
    train = found.train if name == "lstm_wikitext2" else found[0].labels
    assert len(train) == count


@pytest.mark.parametrize("name", BENCHMARKS)
@pytest.mark.parametrize("fault", ["there is no such folder", "it holds none of"])
def test_a_wrong_folder_is_one_line(tmp_path, name, fault):
    folder = tmp_path / "none" if "no such" in fault else tmp_path
    (job,) = build(Raw({"benchmark_name": name, "num_trials": 1, "dataset_path": str(folder)}), 0).jobs()
    with pytest.raises(EnvironmentFault, match=fault) as caught:
        DataFinder(print)(job)
    assert "\n" not in str(caught.value)
    if folder.is_dir():
        with pytest.raises(SystemExit, match=fault):
            load(name, folder)
