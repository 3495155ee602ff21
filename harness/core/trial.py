"""Trials and what is known of them.

A trial runs in legs: leg 0 from its start, leg n after its n-th resume. A report belongs to a leg, so that late
ones (after a pause or stop) can be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from harness.core.space import Config


class Status(StrEnum):
    """Values are those that Syne Tune's loaders know in the column `st_status`."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    PAUSED = "Paused"
    STOPPED = "Stopped"

    # That of the text, which it equals: Enum's own is slow, and the history looks trials up by status all the time.
    __hash__ = str.__hash__


class Result(NamedTuple):
    """One report of a trial.

    Attributes:
        resource: resource level, None for single-fidelity problems.
        loss: the metric, to be minimised; may be NaN or infinite.
        metrics: the report as it came.
        at: seconds since the experiment started.
    """

    trial_id: int
    leg: int
    resource: int | None
    loss: float
    metrics: Mapping[str, Any]
    at: float


@dataclass
class Trial:
    """Attributes:
    config: values of all hyper-parameters (constants not included).
    until: resource level that the present leg runs to, None for as far as the trial goes.
    milestone: resource level at which the scheduler decides next; what is pending is this evaluation.
    """

    trial_id: int
    config: Config
    bracket: int = 0
    until: int | None = None
    milestone: int | None = None
    leg: int = 0
    status: Status = Status.IN_PROGRESS
    results: list[Result] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """Highest resource level reported, 0 before the first report."""
        return max((result.resource or 0 for result in self.results), default=0)
