"""Writes down what happens, as it happens.

`events.jsonl` gets a line for every event and is the truth; `results.csv.zip` (one row for each report, one for each
failure) is written anew from time to time and at the end.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.core.clock import RealClock
from harness.core.decisions import CONTINUE, Action, Decision, Grounds, Resume
from harness.core.space import Config
from harness.core.trial import Result, Status, Trial
from harness.jobdir import JobDir, replacing

Row = dict[str, Any]

_STATUS_AFTER = {
    Action.CONTINUE: Status.IN_PROGRESS,
    Action.PAUSE: Status.PAUSED,
    Action.STOP: Status.STOPPED,
}
_BUFFER = 1 << 18
# A fixed time stamp, so that equal results give equal bytes.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


class Recorder:
    """Listener of the tuning loop.

    Args:
        constants: configuration entries that all trials share; they are columns too.
        interval: seconds of real time between two writes of `results.csv.zip`.
        buffered: lines are written many at a time, for experiments that are sooner run again than gone on with.
            Otherwise a line is there, whole, as soon as the call that tells of it returns.
    """

    def __init__(self, folder: JobDir, constants: Config, interval: float, *, buffered: bool = False) -> None:
        self._folder = folder
        self._constants = constants
        self._interval = interval
        self._rows: list[Row] = []
        self._configs: dict[int, Row] = {}
        self._muted = False
        self._written_rows = -1
        self._clock = RealClock()
        self._due = 0.0
        self._events = open(folder.events, "ab", buffering=_BUFFER if buffered else 0)  # noqa: SIM115 -- see `close`

    def started(self, trial: Trial, at: float, suggest_seconds: float) -> None:
        self._event(
            "started",
            trial,
            at,
            config=trial.config,
            bracket=trial.bracket,
            until=trial.until,
            milestone=trial.milestone,
            suggest_seconds=round(suggest_seconds, 6),
        )

    def resumed(self, trial: Trial, at: float, decision: Resume) -> None:
        facts = {"reason": decision.reason, "grounds": _plain(decision.grounds)}
        self._event("resumed", trial, at, until=trial.until, milestone=trial.milestone, **facts)

    def reported(self, trial: Trial, result: Result, decision: Decision) -> None:
        facts: dict[str, Any] = {"metrics": result.metrics, "decision": decision.action}
        if decision is not CONTINUE:  # for most reports there is nothing more to say
            facts |= {"milestone": decision.milestone, "reason": decision.reason, "grounds": _plain(decision.grounds)}
        self._event("reported", trial, result.at, **facts)
        status = _STATUS_AFTER[decision.action]
        self._row(trial, result.at, result.metrics, st_decision=decision.action.value, st_status=status.value)

    def retried(self, trial: Trial, at: float, reason: str, exit_code: int, tail: str) -> None:
        self._event("retried", trial, at, reason=reason, exit_code=exit_code, tail=tail)
        failure = {"st_exit_code": exit_code, "st_failure": reason, "st_log_tail": tail}
        self._row(trial, at, {}, st_decision=Action.CONTINUE.value, st_status=trial.status.value, **failure)

    def ended(self, trial: Trial, at: float, reason: str, exit_code: int | None, tail: str) -> None:
        facts = {"status": trial.status, "reason": reason, "exit_code": exit_code, "tail": tail}
        self._event("ended", trial, at, **facts)
        if trial.status is Status.FAILED:
            failure = {"st_exit_code": exit_code, "st_failure": reason, "st_log_tail": tail}
            self._row(trial, at, {}, st_decision=Action.STOP.value, st_status=trial.status.value, **failure)

    def tick(self, at: float) -> None:
        if self._clock.now() >= self._due:
            self.write_results()
            self._due = self._clock.now() + self._interval

    def write_results(self) -> None:
        """`results.csv.zip` of all rows so far, in one step; nothing where no row has come since the last one."""
        if len(self._rows) == self._written_rows:
            return
        with replacing(self._folder.results) as file, zipfile.ZipFile(file, "w") as archive:
            entry = zipfile.ZipInfo("results.csv", _ZIP_EPOCH)
            # The fastest level: six times faster than the default, for 7 % more bytes.
            archive.writestr(entry, _csv(self._rows), zipfile.ZIP_DEFLATED, compresslevel=1)
        self._written_rows = len(self._rows)

    def close(self) -> None:
        """Last write of the results."""
        self._events.close()
        self.write_results()

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        """While entered, what is told is known from `events.jsonl`, and not written there again."""
        self._muted = True
        yield
        self._muted = False

    def _event(self, event: str, trial: Trial, at: float, **facts: Any) -> None:
        if self._muted:
            return
        entry = {"event": event, "trial_id": trial.trial_id, "leg": trial.leg, "at": round(at, 6)}
        entry.update({name: value for name, value in facts.items() if value is not None and value != ""})
        self._events.write(f"{json.dumps(entry)}\n".encode())

    def _row(self, trial: Trial, at: float, metrics: Mapping[str, Any], **own: Any) -> None:
        config = self._configs.get(trial.trial_id)
        if config is None:
            config = {f"config_{name}": value for name, value in {**trial.config, **self._constants}.items()}
            self._configs[trial.trial_id] = config
        self._rows.append({"trial_id": trial.trial_id, **metrics, **config, **own, "st_tuner_time": at})


def _plain(grounds: Grounds | None) -> dict[str, Any] | None:
    return None if grounds is None else {name: value for name, value in vars(grounds).items() if value is not None}


def _csv(rows: Sequence[Row]) -> str:
    """CSV text of rows with differing keys: columns in the order of first appearance, absent values empty."""
    shapes = dict.fromkeys(map(tuple, rows))
    columns = list(dict.fromkeys(name for shape in shapes for name in shape)) or ["trial_id", "st_tuner_time"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    if len(shapes) == 1:
        writer.writerows(row.values() for row in rows)
    else:
        writer.writerows([row.get(name) for name in columns] for row in rows)
    return text.getvalue()
