"""Measurements, one JSON object a line, only ever appended to: a campaign that is cut short or enlarged goes on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

Record = dict[str, Any]


@cache
def machine() -> dict[str, Any]:
    """Processor, number of CPUs that this process may use, Python."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else model,
        "cpus": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }


class Records:
    """The records of one part, in a file of `folder`."""

    def __init__(self, folder: Path, part: str) -> None:
        self.path = folder / f"{part}.jsonl"
        self._part = part

    def __iter__(self) -> Iterator[Record]:
        """All whole lines; one that a crash has torn is passed over."""
        try:
            lines = self.path.read_text().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def matching(self, **wanted: Any) -> list[Record]:
        """Records whose fields equal all of `wanted`."""
        return [record for record in self if all(record.get(name) == value for name, value in wanted.items())]

    def append(self, fields: Mapping[str, Any]) -> None:
        """In one write, so that several campaigns may share a file; after a torn line a new one is begun."""
        load = [round(value, 2) for value in os.getloadavg()]
        at = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"part": self._part, **fields, "machine": machine(), "load": load, "at": at}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
            torn = file.read(1) not in (b"", b"\n")
            file.write(b"\n" * torn + json.dumps(record, separators=(",", ":")).encode() + b"\n")
