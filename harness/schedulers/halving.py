"""One run of synchronous successive halving."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.core.history import HistoryView
from harness.core.trial import Status, Trial
from harness.schedulers.rungs import Rung, trials_per_bracket, worst_last

_SLACK = 1e-9  # shares are not exact in floating point


@dataclass(frozen=True)
class Slots:
    """So many trials are to reach the level."""

    level: int
    size: int


def ladder(rungs: Sequence[Rung], bracket: int, max_resource: int) -> tuple[Slots, ...]:
    """The bracket's levels up to the maximum resource, ⌊n η^-i⌋ trials for the i-th, one at least."""
    size = float(trials_per_bracket(rungs)[bracket])
    found = []
    for rung in rungs[bracket:]:
        found.append(Slots(rung.level, max(1, math.floor(size + _SLACK))))
        size *= rung.share
    return (*found, Slots(max_resource, max(1, math.floor(size + _SLACK))))


class Halving:
    """Fills its rungs one after the other. All it keeps is a cache: a fresh one comes to the same from the history.

    A trial has a place in a rung for good. It fills it with its first value at or above the level, or, where its
    curve ended early, with its last one: such a trial may be among the best, and then fills a place of the next rung
    at once. A trial that failed fills its place too, but never goes on; nor does one whose value is NaN or infinite.
    If so few are left that a rung has more places than trials, the places stay empty.

    Attributes:
        trials: all that were started in this run.
        members: those that have a place in the present rung.
        ranking: (loss, trial id) of all trials of the rung below, best first; empty in the lowest.
        done: the highest level is filled, or nothing is left to go on.
    """

    def __init__(self, number: int, ladder: Sequence[Slots]) -> None:
        self.number = number
        self.trials: list[int] = []
        self.members: list[int] = []
        self.ranking: list[tuple[float, int]] = []
        self.done = False
        self._ladder = ladder
        self._rung = 0
        self._unfilled: list[int] = []

    def add(self, trial_id: int) -> None:
        """A new trial, with a place in the lowest rung."""
        self.trials.append(trial_id)
        self.members.append(trial_id)
        self._unfilled.append(trial_id)

    @property
    def slots(self) -> Slots:
        """Of the present rung."""
        return self._ladder[self._rung]

    @property
    def below(self) -> Slots:
        """Of the rung below."""
        return self._ladder[self._rung - 1]

    @property
    def has_room(self) -> bool:
        """Whether the present rung takes a new trial."""
        return self._rung == 0 and len(self.members) < self.slots.size

    def slots_at(self, level: int) -> Slots:
        return next(slots for slots in self._ladder if slots.level >= level)

    def losses_at(self, history: HistoryView, level: int) -> list[float]:
        """Values of this run's trials at or above a level so far, in ascending order."""
        losses = [_loss_at(history.trials[trial_id], level) for trial_id in self.trials]
        return sorted(loss for loss in losses if loss is not None)

    def waiting(self, history: HistoryView) -> int | None:
        """The best trial that is to go on to the present rung and does not run yet."""
        paused = (trial_id for trial_id in self._unfilled if history.trials[trial_id].status is Status.PAUSED)
        return next(paused, None)

    def advance(self, history: HistoryView) -> None:
        """Go on to the next rung, as long as all that the present one still takes fill it."""
        while not self.done:
            level, trials = self.slots.level, history.trials
            self._unfilled = [trial_id for trial_id in self._unfilled if not _fills(trials[trial_id], level)]
            if self._unfilled or (self.has_room and not history.exhausted):
                return
            self._next_rung([(_final_loss(trials[trial_id], level), trial_id) for trial_id in self.members])

    def _next_rung(self, filled: Sequence[tuple[float, int]]) -> None:
        if self._rung == len(self._ladder) - 1:
            self.done = True
            return
        self.ranking = sorted(filled)
        self._rung += 1
        self.members = [trial_id for loss, trial_id in self.ranking[: self.slots.size] if loss < math.inf]
        self._unfilled = list(self.members)
        self.done = not self.members


def _loss_at(trial: Trial, level: int) -> float | None:
    """The trial's first value at or above the level, None where it has none; NaN as +inf."""
    losses = (worst_last(result.loss) for result in trial.results if (result.resource or 0) >= level)
    return next(losses, None)


def _fills(trial: Trial, level: int) -> bool:
    return trial.status not in (Status.IN_PROGRESS, Status.PAUSED) or _loss_at(trial, level) is not None


def _final_loss(trial: Trial, level: int) -> float:
    """What the trial fills its place with."""
    loss = _loss_at(trial, level)
    if loss is not None:
        return loss
    failed = trial.status is Status.FAILED or not trial.results
    return math.inf if failed else worst_last(trial.results[-1].loss)
