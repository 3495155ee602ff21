"""Append-only journal of JSON lines. A crash can tear its last line; a reader passes over it, a writer mends it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]


class Journal:
    """Entries are mappings with a key `event`; `time` (seconds since the epoch) is added."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: str, **facts: Any) -> None:
        """Durable when it returns: what follows may rely on it after a crash."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"event": event, **facts, "time": round(time.time(), 3)}).encode() + b"\n"
        with open(self.path, "ab+") as file:
            if file.tell() > 0:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> Iterator[Entry]:
        """All whole entries, oldest first."""
        return read_lines(self.path)


def read_lines(path: Path) -> Iterator[Entry]:
    """The whole JSON lines of a file; torn ones are passed over. Nothing where there is no file."""
    try:
        file = open(path, "rb")  # noqa: SIM115 -- only its opening may fail silently
    except (FileNotFoundError, NotADirectoryError):
        return
    with file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry
