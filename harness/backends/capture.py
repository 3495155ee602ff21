"""Output of a trial: read once as it comes, written through to a capped file, scanned for reports.

Memory is bounded whatever a trial prints: the scanner holds at most `LONGEST` bytes of a line, the tail `TAIL_BYTES`.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import IO, Any

from harness import reporter

logger = logging.getLogger(__name__)

LOG_CAP = 20_000_000
CHUNK = 1 << 16
# A report is shorter than reporter.MAX_BYTES, so the end of a long line is all that can hold one.
LONGEST = 1 << 16
TAIL_BYTES = 1 << 14
TAIL_LINES = 20
# No pipe of an ordinary user holds more: what an ended process has left behind is within this.
PIPE_LIMIT = 1 << 20
_PREFIX = reporter.PREFIX.encode()


class CappedLog:
    """Append-only file of at most `cap` / 2 bytes; when full it becomes `NAME.1` and a new one is begun.

    So the last `cap` / 2 bytes are always there, and a flood costs no more than `cap` on the disk. Where the disk
    is full the rest is dropped with a warning: a trial does not fail for its log.
    """

    def __init__(self, path: Path, cap: int = LOG_CAP) -> None:
        self._path = path
        self._half = cap // 2
        self._file: IO[bytes] | None = path.open("ab", buffering=0)
        self._size = os.fstat(self._file.fileno()).st_size

    def write(self, data: bytes) -> None:
        if self._file is None:
            return
        try:
            if self._size and self._size + len(data) > self._half:
                self._rotate()
            self._file.write(data)
            self._size += len(data)
        except OSError as error:
            logger.warning("%s: %s; the rest of this output is not kept", self._path, error)
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _rotate(self) -> None:
        assert self._file is not None
        os.replace(self._path, self._path.with_name(f"{self._path.name}.1"))
        self._file.close()
        self._file = self._path.open("ab", buffering=0)
        self._size = 0


class Scanner:
    """Finds reports in a stream of bytes that is cut anywhere."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Reports of the lines that `data` completes."""
        complete, newline, rest = (self._held + data).rpartition(b"\n")
        self._held = rest[-LONGEST:]
        # Most output is no report: one search over the chunk is all that it costs.
        if not newline or _PREFIX not in complete:
            return []
        lines = [line for line in complete.split(b"\n") if _PREFIX in line]
        found = [reporter.parse(line.decode(errors="replace")) for line in lines]
        return [record for record in found if record is not None]


class Stream:
    """One output of one leg. `pipe` must be unbuffered and non-blocking."""

    def __init__(self, pipe: IO[bytes], log: CappedLog, *, scan: bool) -> None:
        self._pipe = pipe
        self._log = log
        self._scanner = Scanner() if scan else None
        self._tail = b""
        self.fd = pipe.fileno()
        self.ended = False

    @property
    def closed(self) -> bool:
        return self._pipe.closed

    def pump(self) -> list[dict[str, Any]]:
        """Reports of what one read brings; sets `ended` where nothing will come any more."""
        data = self._pipe.read(CHUNK)
        if data is None:
            return []
        self.ended = not data
        return self._take(data) if data else self._last_line()

    def drain(self) -> list[dict[str, Any]]:
        """Reports of what is in the pipe now, of an unfinished last line too. Does not wait for other writers."""
        found: list[dict[str, Any]] = []
        left = PIPE_LIMIT
        while left > 0 and not self.closed and (data := self._pipe.read(min(CHUNK, left))):
            found += self._take(data)
            left -= len(data)
        return found + self._last_line()

    def tail(self) -> str:
        """The last lines, with a replacement character for what is not UTF-8."""
        lines = self._tail.decode(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:]).strip()

    def close(self) -> None:
        self._pipe.close()
        self._log.close()

    def _last_line(self) -> list[dict[str, Any]]:
        return self._scanner.feed(b"\n") if self._scanner else []

    def _take(self, data: bytes) -> list[dict[str, Any]]:
        self._log.write(data)
        self._tail = (self._tail + data[-TAIL_BYTES:])[-TAIL_BYTES:]
        return self._scanner.feed(data) if self._scanner else []
