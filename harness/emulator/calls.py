"""What clients have asked for, kept so that tests can look at what was sent."""

from __future__ import annotations

import threading
from collections import Counter, deque
from fnmatch import fnmatchcase

from harness.emulator.wire import Call

KEPT = 20_000


class Calls:
    """The last calls, and how many there were of each operation."""

    def __init__(self) -> None:
        self._kept: deque[Call] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def record(self, call: Call) -> None:
        with self._lock:
            self._kept.append(call)
            self._counts[f"{call.service}.{call.operation}"] += 1

    def counts(self) -> dict[str, int]:
        """ "service.Operation" -> number of calls since the start or the last `clear`."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def find(self, service: str = "*", operation: str = "*") -> list[Call]:
        """In the order in which they came; names may be patterns."""
        with self._lock:
            kept = list(self._kept)
        return [call for call in kept if fnmatchcase(call.service, service) and fnmatchcase(call.operation, operation)]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._counts.clear()
