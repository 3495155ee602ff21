"""Clocks: the loop reads time from the back-end, so that the same loop runs in real and in virtual time."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the experiment started; never decreases."""
        ...


class RealClock:
    """Monotonic wall-clock time since construction: a system clock that jumps back does not disturb it."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._start


class VirtualClock:
    """Time that moves only when it is told to."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def advance_to(self, time: float) -> None:
        self._now = max(self._now, time)
