"""`status.json`: how an experiment stands, for whoever looks from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.core.clock import RealClock
from harness.core.decisions import Decision, Resume
from harness.core.history import History
from harness.core.trial import Result, Status, Trial
from harness.jobdir import JobDir, read_json, write_json

FINAL = ("completed", "failed", "stopped")
# After a crash, the time that was spent is known as exactly as this.
HEARTBEAT_SECONDS = 5.0


def read_status(folder: JobDir) -> Mapping[str, Any]:
    """The status, {} where there is none yet or none readable."""
    try:
        status = read_json(folder.status)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def write_end(folder: JobDir, state: str, reason: str) -> None:
    """Final status of an experiment that ended outside its tuning loop; keeps what was known before."""
    known = {"num_trials": 0, "best": None, **read_status(folder)}
    write_json(folder.status, {**known, "state": state, "reason": reason})


def write_open(folder: JobDir) -> None:
    """The experiment is about to run again: what an earlier attempt ended with no longer holds."""
    known = read_status(folder)
    if known:
        write_json(folder.status, {**known, "state": "waiting", "reason": ""})


class StatusFile:
    """Listener of the tuning loop: rewrites the file when something changed, at most once a tick."""

    def __init__(self, folder: JobDir, history: History) -> None:
        self._folder = folder
        self._history = history
        self._changed = True
        self._clock = RealClock()
        self._due = 0.0

    def started(self, trial: Trial, at: float, suggest_seconds: float) -> None:
        self._changed = True

    def resumed(self, trial: Trial, at: float, decision: Resume) -> None:
        self._changed = True

    def reported(self, trial: Trial, result: Result, decision: Decision) -> None:
        self._changed = True

    def retried(self, trial: Trial, at: float, reason: str, exit_code: int, tail: str) -> None:
        self._changed = True

    def ended(self, trial: Trial, at: float, reason: str, exit_code: int | None, tail: str) -> None:
        self._changed = True

    def tick(self, at: float) -> None:
        if self._changed or self._clock.now() >= self._due:
            self.write("running", "", at)

    def write(self, state: str, reason: str, at: float) -> None:
        """Args: state: "running", "completed", "failed" or "stopped"; at: seconds since the experiment started."""
        history = self._history
        facts: dict[str, Any] = {
            "state": state,
            "reason": reason,
            "metric": history.problem.metric,
            "mode": history.problem.mode,
            "num_trials": len(history.trials),
            "best": self._describe_best(),
            "elapsed": round(at, 3),
            "num_results": len(history.results),
            "trials": {status.value: history.count(status) for status in Status},
        }
        write_json(self._folder.status, facts)
        self._changed = False
        self._due = self._clock.now() + HEARTBEAT_SECONDS

    def _describe_best(self) -> dict[str, Any] | None:
        best, problem = self._history.best(), self._history.problem
        if best is None:
            return None
        return {
            "trial_id": best.trial_id,
            "metric": problem.metric,
            "mode": problem.mode,
            "value": problem.value(best.loss),
            "resource": best.resource,
            "at": round(best.at, 3),
            "config": {**self._history.trials[best.trial_id].config, **problem.space.constants},
        }
