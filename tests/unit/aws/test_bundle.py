"""The source that goes along: an explicit list, equal bytes for equal files."""

import io
import os
import tarfile

from harness.aws.bundle import bundle


def checkout(root):
    for name, text in {
        "docker/entrypoint.py": "entry",
        "docker/Dockerfile": "FROM",
        "harness/__init__.py": "",
        "harness/core/space.py": "space",
        "harness/__pycache__/space.pyc": "bytecode",
        "harness/.env": "SECRET",
        "benchmarks/mlp/train.py": "train",
        ".git/config": "token",
        "secrets.txt": "token",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def names(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


def test_only_our_packages_and_the_entry_point_go_along(tmp_path):
    data, _ = bundle(checkout(tmp_path))
    assert names(data) == [
        "docker/entrypoint.py",
        "harness/__init__.py",
        "harness/core/space.py",
        "benchmarks/mlp/train.py",
    ]


def test_equal_files_give_equal_bytes_and_another_byte_another_name(tmp_path):
    one, other = checkout(tmp_path / "one"), checkout(tmp_path / "other")
    os.utime(other / "harness" / "__init__.py", (1, 1))
    assert bundle(one) == bundle(other)
    (other / "harness" / "__init__.py").write_text("x = 1")
    assert bundle(one)[1] != bundle(other)[1]


def test_the_checkout_itself_can_be_unpacked_and_run(tmp_path):
    data, _ = bundle()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(tmp_path, filter="data")
    assert (tmp_path / "harness" / "__main__.py").exists()
    assert (tmp_path / "benchmarks" / "mlp_fashionmnist" / "train.py").exists()
    assert not (tmp_path / "tests").exists()
