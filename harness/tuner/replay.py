"""The history of an experiment from the events it wrote, after whatever ended its process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.decisions import Action, Decision, Resume
from harness.core.history import History
from harness.core.trial import Result, Status
from harness.errors import HarnessError
from harness.ledger.journal import read_lines
from harness.results.recorder import Recorder


@dataclass
class Replayed:
    """Attributes:
    elapsed: seconds since the experiment's start at the last event.
    undone: trials that a decision was made on, and written, that did not take effect any more.
    """

    elapsed: float = 0.0
    undone: dict[int, Decision] = field(default_factory=dict)


def mend(path: Path) -> None:
    """Cut off the torn last line that a crash can leave, so that the next one does not continue it."""
    with open(path, "rb+") as file:
        size = file.seek(0, os.SEEK_END)
        while size > 0:
            start = max(0, size - 65536)
            file.seek(start)
            newline = file.read(size - start).rfind(b"\n")
            if newline >= 0:
                size = start + newline + 1
                break
            size = start
        file.truncate(size)


def replay(path: Path, history: History, recorder: Recorder) -> Replayed:
    """Fill the history, and the rows of the results, from a file of events.

    HarnessError where the file holds what this version does not understand.
    """
    replayed = Replayed()
    with recorder.muted():
        for number, entry in enumerate(read_lines(path), start=1):
            try:
                _apply(entry, history, recorder, replayed)
            except (KeyError, ValueError, TypeError) as error:
                message = f"{path.name}, event {number}: cannot go on from it ({type(error).__name__}: {error})"
                raise HarnessError(message, hint="start anew with --fresh") from error
    return replayed


def _apply(entry: Mapping[str, Any], history: History, recorder: Recorder, replayed: Replayed) -> None:
    trial_id, at = int(entry["trial_id"]), float(entry["at"])
    replayed.elapsed = max(replayed.elapsed, at)
    reason = entry.get("reason", "")
    match entry["event"]:
        case "started":
            where = {"until": entry.get("until"), "milestone": entry.get("milestone"), "bracket": entry["bracket"]}
            recorder.started(history.start(entry["config"], **where), at, entry.get("suggest_seconds", 0.0))
        case "resumed":
            leg = Resume(trial_id, entry.get("until"), entry.get("milestone"), reason)
            recorder.resumed(history.resume(trial_id, until=leg.until, milestone=leg.milestone), at, leg)
        case "reported":
            result = history.report(trial_id, entry["metrics"], at)
            decision = Decision(Action(entry["decision"]), entry.get("milestone"), reason)
            _decide(history, recorder, replayed, result, decision)
        case "retried":
            recorder.retried(history.trials[trial_id], at, reason, entry["exit_code"], entry.get("tail", ""))
        case "ended":
            replayed.undone.pop(trial_id, None)
            trial = history.end(trial_id, Status(entry["status"]))
            recorder.ended(trial, at, reason, entry.get("exit_code"), entry.get("tail", ""))


def _decide(history: History, recorder: Recorder, replayed: Replayed, result: Result, decision: Decision) -> None:
    trial = history.trials[result.trial_id]
    if decision.milestone is not None:
        history.set_milestone(trial.trial_id, decision.milestone)
    if decision.action is not Action.CONTINUE:
        replayed.undone[trial.trial_id] = decision
    recorder.reported(trial, result, decision)
