"""How many jobs may run at once, first come first served."""

from __future__ import annotations

import threading


class Slots:
    """Held and waited for by name."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._waiting: list[str] = []
        self._lock = threading.Lock()

    def enter(self, name: str, limit: int | None) -> bool:
        """Whether the job has a slot now; one that has none keeps its place in the line."""
        with self._lock:
            if name in self._held:
                return True
            if name not in self._waiting:
                self._waiting.append(name)
            if limit is not None and len(self._held) + self._waiting.index(name) >= limit:
                return False
            self._waiting.remove(name)
            self._held.add(name)
            return True

    def leave(self, name: str) -> None:
        with self._lock:
            self._held.discard(name)
            if name in self._waiting:
                self._waiting.remove(name)
