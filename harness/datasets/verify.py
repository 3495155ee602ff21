"""Checksums, and a record of what was verified so that unchanged files are not read again."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

from harness import jobdir

_CHUNK = 1 << 20


def digest(path: Path) -> str:
    """SHA-256 of a file's contents, of `*.gz` (not `*.tar.gz`) unpacked.

    Raises gzip.BadGzipFile, EOFError, zlib.error if damaged.
    """
    total = hashlib.sha256()
    packed = path.suffix == ".gz" and not path.name.endswith(".tar.gz")
    with cast(IO[bytes], gzip.open(path) if packed else path.open("rb")) as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


class Verifier:
    """Checks folders. Size and time of change of verified files are kept in `record`, if that can be written."""

    def __init__(self, record: Path) -> None:
        self._record = record

    def fault(self, folder: Path, files: Mapping[str, str]) -> str | None:
        """What is wrong with the folder, None where it holds all files with the right contents."""
        try:
            return self._fault(folder, files)
        except OSError as error:
            return f"cannot be read ({error.strerror or error})"

    def _fault(self, folder: Path, files: Mapping[str, str]) -> str | None:
        if not folder.is_dir():
            return "no such folder"
        missing = [name for name in files if not (folder / name).is_file()]
        if missing:
            return f"lacks {', '.join(missing)}"
        known = self._read()
        for name, expected in files.items():
            path = folder / name
            if known.get(str(path.resolve())) == _stamp(path, expected):
                continue
            wrong = _wrong(path, expected)
            if wrong:
                return f"{name} {wrong}"
        self.accept(folder, files)
        return None

    def accept(self, folder: Path, files: Mapping[str, str]) -> None:
        """Take the folder's files as verified."""
        old = self._read()
        new = old | {str((folder / name).resolve()): _stamp(folder / name, files[name]) for name in files}
        if new != old:
            with contextlib.suppress(OSError):  # without a record the next call verifies again
                self._record.parent.mkdir(parents=True, exist_ok=True)
                jobdir.write_json(self._record, new)

    def _read(self) -> dict[str, list[object]]:
        with contextlib.suppress(OSError, ValueError):
            record = jobdir.read_json(self._record)
            if isinstance(record, dict):
                return record
        return {}


def _stamp(path: Path, expected: str) -> list[object]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, expected]


def _wrong(path: Path, expected: str) -> str | None:
    try:
        found = digest(path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return f"is damaged ({error})"
    return None if found == expected else f"has the wrong checksum ({found}, expected {expected})"
