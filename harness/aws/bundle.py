"""The source that a job runs: an explicit list of files in one archive, named by its content."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("harness", "benchmarks")
ENTRY = "docker/entrypoint.py"
ARCHIVE = "source.tar.gz"


def source_files(root: Path = ROOT) -> Iterator[Path]:
    """Relative paths of what goes along: our packages and the entry point, nothing else of the checkout."""
    yield Path(ENTRY)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in inside.parts):
                yield inside


def bundle(root: Path = ROOT) -> tuple[bytes, str]:
    """(archive, 16 hexadecimal digits of its content). Equal files give equal bytes, whoever owns them and whenever."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for path in source_files(root):
            data = (root / path).read_bytes()
            member = tarfile.TarInfo(path.as_posix())
            member.size = len(data)
            member.mode = 0o755 if os.access(root / path, os.X_OK) else 0o644
            archive.addfile(member, io.BytesIO(data))
    data = buffer.getvalue()
    return data, hashlib.sha256(data).hexdigest()[:16]
