"""Ways to start and watch local trials."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import psutil

from harness.backends.local import LocalBackend
from harness.backends.orphans import MARK
from harness.core.events import Event, Exited
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Trial

SCRIPTS = Path(__file__).parents[2] / "fakes" / "scripts"


def problem(**entries: Any) -> Problem:
    return Problem(Space(entries), "acc", "max", resource_attr="epoch", max_resource_attr="epochs")


def collect(backend: LocalBackend, exits: int = 1) -> list[Event]:
    """Events until so many trials have exited."""
    events: list[Event] = []
    while sum(isinstance(event, Exited) for event in events) < exits:
        new = backend.wait(60)
        assert new, f"nothing happened in 60 s after {events[-3:]}"
        events += new
    return events


def first(backend: LocalBackend) -> Event:
    return backend.wait(60)[0]


def children_by_mark() -> dict[psutil.Process, str]:
    """Descendants that are alive -> the mark of the trial that they belong to, empty where they do to none."""
    marks = {}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            marks[child] = child.environ().get(MARK, "")
    return marks


def gone(pid: int) -> bool:
    """Whether the process ends (or is a zombie that its new parent has not yet reaped) within 10 s."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def trial(trial_id: int = 0, **config: Any) -> Trial:
    return Trial(trial_id, config)
