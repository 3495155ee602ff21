"""Jobs that end without writing their status: why, as far as can be told."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from harness.core.failures import Failure
from harness.jobdir import JobDir

FULL_BYTES = 1_000_000
TAIL_BYTES = 4096


@dataclass(frozen=True)
class SilentEnd:
    failure: Failure
    reason: str


def silent_end(folder: JobDir) -> SilentEnd:
    """What to say of a job that ended without writing its status. A kill is the likeliest cause."""
    if shutil.disk_usage(folder.path).free < FULL_BYTES:
        return SilentEnd(Failure.DISK, f"the disk of {folder.path.parent} is full")
    if _tail(folder).rstrip().endswith(b", out of memory"):  # as the Docker runtime notes it
        return SilentEnd(Failure.MEMORY, "the container's memory was not enough")
    return SilentEnd(Failure.INFRASTRUCTURE, f"the job's process ended without a word; see {folder.log}")


def _tail(folder: JobDir) -> bytes:
    try:
        return folder.log.read_bytes()[-TAIL_BYTES:]
    except FileNotFoundError:
        return b""
