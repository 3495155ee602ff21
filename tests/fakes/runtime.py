"""A runtime without processes: a job is a list of what happens at each poll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.jobdir import JobDir, write_json
from harness.runtime.protocol import JobState, Limits, Request


class ScriptedRuntime:
    """Jobs run for `polls` polls and then end in the state that `outcomes` gives for them (by submission).

    Attributes:
        alive: names that run, also those that "another launcher" started.
        calls: what was asked of it, in order.
    """

    def __init__(self, outcomes: Sequence[str] = (), polls: int = 2) -> None:
        self._outcomes = list(outcomes)
        self._polls = polls
        self._left: dict[str, int] = {}
        self._folders: dict[str, Path] = {}
        self.alive: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.most_at_once = 0

    def request(self, name: str, folder: Path, data: Mapping[str, Path], limits: Limits) -> Request:
        return Request(name, folder, ("run", name))

    def submit(self, request: Request) -> None:
        self.calls.append(("submit", request.name))
        self.adopt(request.name, request.folder)

    def adopt(self, name: str, folder: Path) -> None:
        self.alive.add(name)
        self._left[name] = self._polls
        self._folders[name] = folder
        self.most_at_once = max(self.most_at_once, len(self.alive))

    def poll(self, names: Sequence[str]) -> Mapping[str, JobState]:
        states = {}
        for name in names:
            if name not in self.alive:
                states[name] = JobState.LOST
                continue
            self._left[name] -= 1
            states[name] = JobState.RUNNING if self._left[name] > 0 else JobState.ENDED
            if self._left[name] <= 0:
                self._end(name, self._outcomes.pop(0) if self._outcomes else "completed")
        return states

    def cancel(self, name: str) -> None:
        self.calls.append(("cancel", name))
        if name in self.alive:
            self._end(name, "stopped")

    def collect(self, name: str, folder: Path) -> None:
        self.calls.append(("collect", name))

    def close(self) -> None:
        self.calls.append(("close", ""))

    def _end(self, name: str, state: str) -> None:
        self.alive.discard(name)
        if state != "silent":
            best = {"trial_id": 0, "metric": "loss", "mode": "min", "value": 0.5}
            status = {"state": state, "reason": "as told", "num_trials": 3, "best": best}
            write_json(JobDir(self._folders[name]).status, status)
