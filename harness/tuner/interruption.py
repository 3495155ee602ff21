"""Reasons from outside to end an experiment: signals, and the death of its launcher."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType
from typing import Self


class Interruption:
    """While entered, SIGTERM and SIGINT no longer kill the process; they become a reason to end.

    Args:
        parent: pid of the launcher, without which to end; None to outlive it.
    """

    def __init__(self, parent: int | None = None) -> None:
        self._parent = parent
        self._signal: int | None = None
        self._before: dict[int, object] = {}

    def __call__(self) -> str | None:
        """Why to end, None while there is no reason."""
        if self._signal is not None:
            return f"interrupted by {signal.Signals(self._signal).name}"
        if self._parent is not None and os.getppid() != self._parent:
            return "the launching process died"
        return None

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._handle) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
