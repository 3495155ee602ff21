"""What people see of running experiments: their logs as they grow, and one live line each on a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.jobdir import JobDir
from harness.results.status import read_status


class Tail:
    """Whole lines that were appended to an experiment's log since the last look."""

    def __init__(self, folder: JobDir) -> None:
        self._folder = folder
        self._position = 0

    def lines(self) -> list[str]:
        try:
            if self._folder.log.stat().st_size >= self._position:
                return self._read(self._folder.log)
            # It began anew: what was not seen yet of the old one lies beside it.
            before = self._read(self._folder.earlier_log)
            self._position = 0
            return before + self._read(self._folder.log)
        except FileNotFoundError:
            return []

    def _read(self, path: Path) -> list[str]:
        with open(path, "rb") as file:
            file.seek(self._position)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._position += len(whole)
        return whole.decode("utf-8", errors="replace").splitlines()


@dataclass
class _Followed:
    label: str
    folder: JobDir
    tail: Tail
    since: float
    settings: Mapping[str, Any]


class Follower:
    """Prints what experiments say, and keeps a live table of them where the console is a terminal."""

    def __init__(self, console: Console, *, total: int) -> None:
        self._console = console
        self._total = total
        self._followed: dict[str, _Followed] = {}
        self._live = Live(console=console, refresh_per_second=2, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, message: str) -> None:
        self._console.print(Text(message), soft_wrap=True)

    def launched(self, name: str, label: str, folder: JobDir, settings: Mapping[str, Any], position: int) -> None:
        self._followed[name] = _Followed(label, folder, Tail(folder), time.monotonic(), settings)
        self.say(f"Launching experiment {position} of {self._total}: {label}: {name}")

    def ended(self, name: str, state: str, reason: str) -> None:
        followed = self._followed.get(name)
        self.update()
        if followed is not None:
            del self._followed[name]
            self.say(f"{followed.label}: {state}: {reason}{_describe_best(read_status(followed.folder))}")

    def update(self) -> None:
        """Pass on new log lines and redraw; called every fraction of a second."""
        several = len(self._followed) > 1
        for followed in self._followed.values():
            prefix = f"[{followed.label}] " if several else ""
            for line in followed.tail.lines():
                self.say(f"{prefix}{line}")
        if self._live is not None:
            self._live.update(self._table())

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for followed in self._followed.values():
            status = read_status(followed.folder)
            elapsed = time.monotonic() - followed.since
            limit = followed.settings.get("scheduler_timeout")
            clock = f"{elapsed:.0f} / {limit:g} s" if limit else f"{elapsed:.0f} s"
            trials = f"{status.get('num_trials', 0)} trials"
            table.add_row(followed.label, clock, trials, _describe_best(status).removeprefix(", "))
        return table


def _describe_best(status: Mapping[str, Any]) -> str:
    best = status.get("best")
    return f", best {best['metric']} {best['value']:.5g} (trial {best['trial_id']})" if best else ""
