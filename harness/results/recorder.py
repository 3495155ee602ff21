"""Writes down what happens, as it happens.

`events.jsonl` gets a line for every event and is the truth; `results.csv.zip` (one row for each report, one for each
failure) is written anew from time to time and at the end.
"""

from __future__ import annotations

import contextlib
import functools
import zipfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.core.clock import RealClock
from harness.core.decisions import CONTINUE, Action, Decision, Resume
from harness.core.space import Config
from harness.core.trial import Result, Status, Trial
from harness.jobdir import JobDir, replacing
from harness.results.texts import Rows, csv_field, json_members, quoted, texts

# Decision and the status that follows, as columns `st_decision` and `st_status` have them.
_AFTER = {
    Action.CONTINUE: (Action.CONTINUE.value, Status.IN_PROGRESS.value),
    Action.PAUSE: (Action.PAUSE.value, Status.PAUSED.value),
    Action.STOP: (Action.STOP.value, Status.STOPPED.value),
}
_FAILURE = ("st_exit_code", "st_failure", "st_log_tail")
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
        self._rows = Rows()
        self._configs: dict[int, _Config] = {}
        self._shared = texts(constants)[1]
        self._muted = False
        self._written_rows = -1
        self._clock = RealClock()
        self._due = 0.0
        self._events = open(folder.events, "ab", buffering=_BUFFER if buffered else 0)  # noqa: SIM115 -- see `close`

    def started(self, trial: Trial, at: float, suggest_seconds: float) -> None:
        until = "" if trial.until is None else f', "until": {trial.until}'
        milestone = "" if trial.milestone is None else f', "milestone": {trial.milestone}'
        facts = f', "config": {self._config(trial).entry}, "bracket": {trial.bracket}{until}{milestone}'
        self._event("started", trial, at, f'{facts}, "suggest_seconds": {round(suggest_seconds, 6)}')

    def resumed(self, trial: Trial, at: float, decision: Resume) -> None:
        self._event("resumed", trial, at, json_members({"until": trial.until}) + _grounds(decision))

    def reported(self, trial: Trial, result: Result, decision: Decision) -> None:
        metrics, fields = texts(result.metrics)
        action, status = _AFTER[decision.action]
        facts = f', "metrics": {metrics}, "decision": "{action}"'
        if decision is not CONTINUE:  # for most reports there is nothing more to say
            facts += _grounds(decision)
        self._event("reported", trial, result.at, facts)
        config = self._config(trial)
        columns = _columns(tuple(result.metrics), config.names)
        self._rows.add(columns, (str(trial.trial_id), *fields, *config.fields, action, status, str(result.at)))

    def retried(self, trial: Trial, at: float, reason: str, exit_code: int, tail: str) -> None:
        self._event("retried", trial, at, json_members({"reason": reason, "exit_code": exit_code, "tail": tail}))
        self._failed(trial, at, Action.CONTINUE, (exit_code, reason, tail))

    def ended(self, trial: Trial, at: float, reason: str, exit_code: int | None, tail: str) -> None:
        facts = {"status": trial.status.value, "reason": reason, "exit_code": exit_code, "tail": tail}
        self._event("ended", trial, at, json_members(facts))
        if trial.status is Status.FAILED:
            self._failed(trial, at, Action.STOP, (exit_code, reason, tail))

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
            archive.writestr(entry, self._rows.text(), zipfile.ZIP_DEFLATED, compresslevel=1)
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

    def _event(self, event: str, trial: Trial, at: float, facts: str) -> None:
        """Args: facts: further members of the JSON object."""
        if not self._muted:
            place = f'"trial_id": {trial.trial_id}, "leg": {trial.leg}, "at": {round(at, 6)}'
            self._events.write(f'{{"event": "{event}", {place}{facts}}}\n'.encode())

    def _failed(self, trial: Trial, at: float, action: Action, failure: tuple[int | None, str, str]) -> None:
        config = self._config(trial)
        columns = _columns((), config.names, _FAILURE)
        own = (action.value, trial.status.value, *map(csv_field, failure), csv_field(at))
        self._rows.add(columns, (str(trial.trial_id), *config.fields, *own))

    def _config(self, trial: Trial) -> _Config:
        known = self._configs.get(trial.trial_id)
        if known is None:
            entry, fields = texts(trial.config)
            names = (*trial.config, *self._constants)
            known = self._configs[trial.trial_id] = _Config(entry, (*fields, *self._shared), names)
        return known


class _Config(NamedTuple):
    """A trial's configuration as a JSON object; with what all trials share, the fields of CSV and their names."""

    entry: str
    fields: Sequence[str]
    names: Sequence[str]


@functools.lru_cache(maxsize=64)
def _columns(metrics: Sequence[str], config: Sequence[str], failure: Sequence[str] = ()) -> Sequence[str]:
    named = (f"config_{name}" for name in config)
    return ("trial_id", *metrics, *named, "st_decision", "st_status", *failure, "st_tuner_time")


def _grounds(decision: Decision | Resume) -> str:
    """What a decision rests on, as further members of a JSON object."""
    text = "" if decision.milestone is None else f', "milestone": {decision.milestone}'
    if decision.reason:
        text += f', "reason": {quoted(decision.reason)}'
    if decision.grounds is not None:
        facts = decision.grounds
        value = "" if facts.value is None else f', "value": {facts.value}'
        rank = f', "rank": {facts.rank}, "count": {facts.count}, "places": {facts.places}'
        cutoff = "" if facts.cutoff is None else f', "cutoff": {facts.cutoff}'
        bracket = "" if facts.bracket is None else f', "bracket": {facts.bracket}'
        text += f', "grounds": {{"level": {facts.level}{value}{rank}{cutoff}{bracket}}}'
    return text
