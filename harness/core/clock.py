"""Clocks: the loop reads time from the back-end, so that the same loop runs in real and in virtual time."""

from __future__ import annotations

import math
import time
from typing import Protocol


class Clock(Protocol):
    """Attributes:
    tick: seconds that the back-end may be waited for at a stretch, so that whoever watches hears something meanwhile.
    """

    @property
    def tick(self) -> float: ...

    def now(self) -> float:
        """Seconds since the experiment started; never decreases."""
        ...


class RealClock:
    """Monotonic wall-clock time since construction: a system clock that jumps back does not disturb it."""

    tick = 1.0

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._start


class VirtualClock:
    """Time that moves only when it is told to. To wait for it takes no time, however long."""

    tick = math.inf

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def advance_to(self, time: float) -> None:
        self._now = max(self._now, time)
