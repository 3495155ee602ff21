"""What back-ends tell the loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from harness.core.failures import Failure


class Reported(NamedTuple):
    """A trial reported metrics during leg `leg`, `at` seconds since the experiment started."""

    trial_id: int
    leg: int
    metrics: Mapping[str, Any]
    at: float


class Exited(NamedTuple):
    """A leg ended by itself (a leg that was halted sends none).

    Attributes:
        exit_code: of the process; negative for a signal's number.
        tail: last lines of its output, for the failure record.
        failure: class of the failure, where the exit code says that it is one.
    """

    trial_id: int
    leg: int
    at: float
    exit_code: int
    tail: str = ""
    failure: Failure = Failure.USER


Event = Reported | Exited
