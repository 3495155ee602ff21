"""The state of a sweep as a fold over its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.ledger.journal import Entry


@dataclass(frozen=True)
class JobRecord:
    """Attributes:
    tuner_name: chosen once, kept through all attempts.
    state: "submitting" until an end is known, then "completed", "failed" or "stopped".
    attempts: times that the job was submitted.
    """

    job_id: str
    tuner_name: str
    state: str
    attempts: int = 1


@dataclass
class SweepState:
    """Attributes:
    offset: random seed offset drawn when the sweep was created; None before.
    jobs: job id -> record.
    """

    offset: int | None = None
    jobs: dict[str, JobRecord] = field(default_factory=dict)


def fold(entries: Iterable[Entry]) -> SweepState:
    """State after the entries. `fresh` forgets all that came before it; unknown events are passed over."""
    state = SweepState()
    for entry in entries:
        event = entry.get("event")
        if event == "created":
            state.offset = int(entry["offset"])
        elif event == "fresh":
            state = SweepState()
        elif event == "submitting":
            before = state.jobs.get(entry["job_id"])
            attempts = before.attempts + 1 if before else 1
            state.jobs[entry["job_id"]] = JobRecord(entry["job_id"], entry["tuner_name"], "submitting", attempts)
        elif event == "ended" and entry["job_id"] in state.jobs:
            before = state.jobs[entry["job_id"]]
            state.jobs[entry["job_id"]] = JobRecord(before.job_id, before.tuner_name, entry["state"], before.attempts)
    return state
