"""Clocks: the loop reads time from the back-end, so that the same loop runs in real and in virtual time."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
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

    def advance_to(self, time: float) -> None:
        """Let `now` be at least this."""
        ...

    def deciding(self) -> AbstractContextManager[None]:
        """Entered while the searcher thinks: a clock that does not run by itself may take note of how long."""
        ...


_IDLE = contextlib.nullcontext()


class RealClock:
    """Monotonic wall-clock time since construction: a system clock that jumps back does not disturb it."""

    tick = 1.0

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._start

    def advance_to(self, time_spent: float) -> None:
        """Count time that the experiment had before, in another process."""
        self._start = min(self._start, time.monotonic() - time_spent)

    def deciding(self) -> AbstractContextManager[None]:
        return _IDLE


class VirtualClock:
    """Time that moves only when it is told to. To wait for it takes no time, however long.

    Args:
        counts_decisions: it also moves by the real time that the searcher thinks.
    """

    tick = math.inf

    def __init__(self, *, counts_decisions: bool = False) -> None:
        self._now = 0.0
        self._counts_decisions = counts_decisions

    def now(self) -> float:
        return self._now

    def advance_to(self, time: float) -> None:
        self._now = max(self._now, time)

    def deciding(self) -> AbstractContextManager[None]:
        return self._counted() if self._counts_decisions else _IDLE

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._now += time.perf_counter() - start
