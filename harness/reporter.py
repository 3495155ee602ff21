"""What a training script imports: reports of metrics, and files written so that a kill cannot tear them.

Standard library only, so that a script can use it in any environment:

    from harness.reporter import Reporter
    report = Reporter()
    for epoch in range(1, epochs + 1):
        ...
        report(epoch=epoch, accuracy=accuracy)

A report is one line on standard output, `[tune-metric]: {...}`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

PREFIX = "[tune-metric]: "
MAX_BYTES = 50_000


def _plain(value: Any) -> Any:
    """numpy and torch scalars as Python numbers."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a metric must be a number, text or a list of them, got {type(value).__name__}")


class Reporter:
    """Callable that reports metrics to the tuner.

    Adds `st_worker_timestamp` (seconds since the epoch), `st_worker_time` (seconds since construction) and
    `st_worker_iter` (counts reports of this process from 0).
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._iteration = 0

    def __call__(self, **metrics: Any) -> None:
        """Raises ValueError for names that start with `st_` (ours) and for reports of 50 kB or more."""
        reserved = [name for name in metrics if name.startswith("st_")]
        if reserved:
            raise ValueError(f"names that start with 'st_' are reserved: {reserved}")
        record = {
            **metrics,
            "st_worker_timestamp": time.time(),
            "st_worker_time": time.monotonic() - self._start,
            "st_worker_iter": self._iteration,
        }
        line = json.dumps(record, default=_plain)
        if len(line) >= MAX_BYTES:
            raise ValueError(f"a report must be below {MAX_BYTES} bytes, this one has {len(line)}")
        self._iteration += 1
        # One write of the whole line: lines of other threads cannot come between.
        sys.stdout.write(f"{PREFIX}{line}\n")
        sys.stdout.flush()


def parse(line: str) -> dict[str, Any] | None:
    """The report that a line of output holds, None where it holds none (or a torn one)."""
    _, found, text = line.partition(PREFIX)
    if not found:
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):  # the latter for brackets without end
        return None
    return record if isinstance(record, dict) else None


@contextlib.contextmanager
def writing(path: str) -> Iterator[str]:
    """Name of a temporary file that takes the place of `path` in one step after the block.

    with writing(os.path.join(args.st_checkpoint_dir, "checkpoint.pt")) as file:
        torch.save(state, file)
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    aside = f"{path}.{os.getpid()}.part"
    try:
        yield aside
        os.replace(aside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)
