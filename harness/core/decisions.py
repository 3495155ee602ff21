"""What a scheduler answers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True)
class Grounds:
    """The comparison with other trials that a decision rests on. Values have the metric's own sign.

    Attributes:
        level: resource level at which values are compared.
        bracket: bracket whose trials are compared, None for all trials.
        value: of the trial, None where it is not finite.
        rank: of the trial among the values, 1 is best; equal values share a rank.
        count: number of values.
        places: ranks that go on; 0 where nobody does, or nobody yet.
        cutoff: value that it takes to go on, None where no single (finite) value decides.
    """

    level: int
    value: float | None
    rank: int
    count: int
    places: int
    cutoff: float | None = None
    bracket: int | None = None


class Start(NamedTuple):
    """Start a new trial; the loop asks the searcher for its configuration.

    Attributes:
        until: resource level the first leg is told to run to, None for the problem's maximum.
        bracket: index of the bracket that the trial joins.
        milestone: resource level of the first decision, None where there is none.
    """

    until: int | None = None
    bracket: int = 0
    milestone: int | None = None


class Resume(NamedTuple):
    """Go on with a paused trial, to resource level `until`."""

    trial_id: int
    until: int | None
    milestone: int | None = None
    reason: str = ""
    grounds: Grounds | None = None


@dataclass(frozen=True)
class Wait:
    """Nothing to start until a running trial reports or ends."""


@dataclass(frozen=True)
class Done:
    """Nothing will ever be started again."""


class Action(StrEnum):
    CONTINUE = "CONTINUE"
    PAUSE = "PAUSE"
    STOP = "STOP"

    __hash__ = str.__hash__  # see `Status`


class Decision(NamedTuple):
    """What happens to a trial after a report.

    Attributes:
        milestone: with CONTINUE, resource level of the next decision (None: unchanged).
        reason: what the decision rests on, for people; empty where there was nothing to decide.
        grounds: the same as data, where values were compared.
    """

    action: Action
    milestone: int | None = None
    reason: str = ""
    grounds: Grounds | None = None


CONTINUE = Decision(Action.CONTINUE)
