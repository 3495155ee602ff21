"""What a sweep takes on the disk, and whether another experiment may be started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness.jobdir import SweepDir

# Less than this is left: results and checkpoints of another experiment might not find room.
RESERVE_BYTES = 100_000_000
_SHOWN = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))
UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def parse_size(text: str) -> int:
    """Bytes of a size such as "20g". ValueError where it is none."""
    number, unit = (text[:-1], UNITS[text[-1].lower()]) if text[-1:].lower() in UNITS else (text, 1)
    size = float(number) * unit
    if not 0 < size < 1e18:
        raise ValueError(f"{text} is no size")
    return int(size)


def as_text(size: float) -> str:
    """Bytes in the unit that people would use."""
    unit, factor = next(((unit, factor) for unit, factor in _SHOWN if size >= factor), ("kB", 10**3))
    return f"{size / factor:.0f} {unit}" if size >= 10 * factor else f"{size / factor:.1f} {unit}"


def size_of(folder: Path) -> int:
    """Bytes on the disk of all files in a folder; 0 where there is none. What vanishes meanwhile does not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


class DiskBudget:
    """Args:
    limit: bytes that the sweep may take, None for no other limit than the disk.
    """

    def __init__(self, sweep: SweepDir, limit: int | None) -> None:
        self._sweep = sweep
        self._limit = limit
        self._names: set[str] = set()
        self._ended: dict[str, int] = {}

    def started(self, name: str) -> None:
        self._names.add(name)
        self._ended.pop(name, None)

    def ended(self, name: str) -> None:
        if self._limit is not None:
            self._ended[name] = size_of(self._sweep.job(name).path)

    def exceeded(self) -> str | None:
        """Why no further experiment may be started, None where one may."""
        root = self._sweep.root.absolute()
        existing = next(path for path in (root, *root.parents) if path.exists())
        free = shutil.disk_usage(existing).free
        if free < RESERVE_BYTES:
            return f"the disk of {self._sweep.root} is full: {free / 1e6:.0f} MB are left"
        if self._limit is None:
            return None
        running = sum(size_of(self._sweep.job(name).path) for name in self._names - set(self._ended))
        used = sum(self._ended.values()) + running + size_of(self._sweep.broken)
        if used < self._limit:
            return None
        return f"the sweep takes {as_text(used)} of its disk budget of {as_text(self._limit)}"
