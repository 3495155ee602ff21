"""What is to befall jobs, other than by their own doing."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from harness.emulator.refusal import invalid

BEFORE_START = {
    "capacity": "CapacityError: Unable to provision requested ML compute capacity. "
    "Please retry using a different ML instance type.",
    "internal": "InternalServerError: We encountered an internal error. Please try again.",
}
WHILE_TRAINING = {
    "kill": "InternalServerError: We encountered an internal error. Please try again.",
    "interrupt": "",
}


@dataclass
class Outcome:
    """One rule.

    Attributes:
        outcome: "capacity" or "internal", and the job fails before it starts; "kill", and its container dies without
            a signal, by a fault of the service; "interrupt", and a spot job loses its instance.
        job: pattern of names.
        after: seconds of training until it happens.
        times: how often it happens, over all jobs; None for always.
    """

    outcome: str
    job: str = "*"
    after: float = 0.0
    times: int | None = 1


class Outcomes:
    """Rules in the order in which they were added, for jobs that run already and those to come."""

    def __init__(self) -> None:
        self._rules: list[Outcome] = []
        self._lock = threading.Lock()

    def add(self, **rule: Any) -> None:
        """See Outcome; Refusal for names or an outcome that there are not."""
        known = {**BEFORE_START, **WHILE_TRAINING}
        try:
            outcome = Outcome(**rule)
        except TypeError as error:
            names = ", ".join(Outcome.__dataclass_fields__)
            raise invalid(f"an outcome takes {names}: {error}") from error
        if outcome.outcome not in known:
            raise invalid(f"outcome: {outcome.outcome!r} is none of {', '.join(known)}")
        with self._lock:
            self._rules.append(outcome)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, job: str, kinds: set[str], trained: float = 0.0) -> str | None:
        """The first of these kinds that is due for the job; it is then used up by one."""
        with self._lock:
            for rule in self._rules:
                fits = rule.outcome in kinds and fnmatchcase(job, rule.job)
                if fits and rule.times != 0 and trained >= rule.after:
                    rule.times = None if rule.times is None else rule.times - 1
                    return rule.outcome
        return None
