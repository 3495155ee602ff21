"""Why a trial fared as it did: its decisions, read from the recorded events alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import UsageError
from harness.jobdir import JobDir

Event = Mapping[str, Any]

_WORDS = {"resumed": "promoted", "CONTINUE": "went on", "PAUSE": "paused"}


@dataclass(frozen=True)
class Step:
    """One thing that happened to the trial.

    Attributes:
        at: seconds since the experiment started.
        what: "started", "went on", "paused", "promoted", "retried", or how the trial ended: "stopped", "completed",
            "failed".
        reason: the scheduler's or the loop's own words, "" where nothing was decided.
        grounds: `harness.core.decisions.Grounds` as recorded; empty where no values were compared.
        later: for a pause that was never followed by a promotion: the last comparison at that rung.
    """

    at: float
    what: str
    reason: str
    grounds: Event
    later: Event


def read_events(folder: JobDir) -> list[Event]:
    """Events of an experiment. UsageError where there are none; a last line that was cut off is left out."""
    try:
        lines = folder.events.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"{folder.events}: cannot read the events of an experiment: {reason}") from None
    events = []
    for number, line in enumerate(lines, 1):
        event = _parsed(line)
        if event is not None:
            events.append(event)
        elif number < len(lines):
            raise UsageError(f"{folder.events}:{number}: no event of an experiment")
    return events


def _parsed(line: str) -> Event | None:
    """None where the line is no event."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and {"event", "trial_id", "at"} <= event.keys() else None


def explain(events: Sequence[Event], trial_id: int) -> list[Step]:
    """Steps of a trial in order. UsageError where no such trial was started."""
    own = [event for event in events if event["trial_id"] == trial_id]
    if not own:
        known = sorted({event["trial_id"] for event in events})
        ids = f"trials are {known[0]} to {known[-1]}" if known else "the experiment started no trial"
        raise UsageError(f"there is no trial {trial_id}; {ids}")
    steps = [_step(event, own) for event in own if _worth_telling(event, own)]
    last = steps[-1]
    if last.what == "paused" and last.grounds:
        steps[-1] = replace(last, later=_last_grounds(events).get(_rung(last.grounds), {}))
    return steps


def _worth_telling(event: Event, own: Sequence[Event]) -> bool:
    """Reports on which nothing was decided are left out, and ends that only carry out a decision."""
    if event["event"] == "ended":
        return event.get("reason") not in {one.get("reason") for one in own if one["event"] == "reported"}
    return event["event"] != "reported" or "reason" in event


def _step(event: Event, own: Sequence[Event]) -> Step:
    kind = str(event.get("decision", event["event"]))
    if kind == "ended":
        what = str(event["status"]).lower()
    elif kind == "STOP":  # at the highest level the trial has completed, which only its end says
        what = str(own[-1].get("status", "Stopped")).lower()
    else:
        what = _WORDS.get(kind, kind)
    return Step(event["at"], what, event.get("reason", ""), event.get("grounds", {}), {})


def _rung(grounds: Event) -> tuple[Any, Any]:
    return grounds.get("bracket"), grounds.get("level")


def _last_grounds(events: Iterable[Event]) -> dict[tuple[Any, Any], Event]:
    """The last comparison at each rung that tells how many go on."""
    found = {}
    for event in events:
        grounds = event.get("grounds")
        if grounds and grounds["places"] > 0:
            found[_rung(grounds)] = grounds
    return found
