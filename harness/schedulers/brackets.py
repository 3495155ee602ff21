"""Brackets: which rungs a trial meets, and which values have been recorded there."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.core.history import HistoryView
from harness.core.seeds import rng
from harness.core.trial import Result
from harness.schedulers.rungs import Rung, trials_per_bracket, worst_last


class Entry(NamedTuple):
    """A trial's value at a rung: `loss`, NaN as +inf, is that of `result`; `order` counts the rung's entries from 0."""

    result: Result
    loss: float
    order: int

    @property
    def trial_id(self) -> int:
        return self.result.trial_id


@dataclass
class Records:
    """Values recorded at one rung of one bracket: in the order of recording, and their losses in ascending order."""

    entries: list[Entry] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


class Brackets:
    """Rungs of all brackets, bracket b without the lowest b ones, and the values that a history holds at them.

    Trials compete within their bracket, or with `shared` all at a rung do: then the bracket of a trial only says which
    rung it meets first.

    A trial is recorded with its first report at or above a rung. A report that jumps over several rungs counts for
    the highest of them only: the others never saw a value of their own level.
    """

    def __init__(self, rungs: Sequence[Rung], count: int, max_resource: int, *, shared: bool = False) -> None:
        self.rungs = [tuple(rungs[start:]) for start in range(min(count, len(rungs) + 1))]
        self.max_resource = max_resource
        levels = [*(rung.level for rung in rungs), max_resource]
        self._levels = [levels[start:] for start in range(len(self.rungs))]
        self._weights = trials_per_bracket(rungs)[: len(self.rungs)]
        self._shared = shared
        # Caches of what the first `_read` results of the history say.
        self._records: dict[tuple[int, int], Records] = {}
        self._reached: dict[int, int] = {}
        self._entered: dict[int, Rung] = {}
        self._read = 0

    def draw(self, seed: int, trial_id: int) -> int:
        """Bracket of a new trial: a keyed draw in proportion to the trials that Hyperband starts in each."""
        if len(self._weights) == 1:
            return 0
        position = rng(seed, "bracket", trial_id).random() * sum(self._weights)
        bracket = 0
        while position >= self._weights[bracket] and bracket < len(self._weights) - 1:
            position -= self._weights[bracket]
            bracket += 1
        return bracket

    def first(self, bracket: int) -> int:
        """Level at which a trial of the bracket is judged first: its lowest rung, or the maximum resource."""
        return self._levels[bracket][0]

    def above(self, bracket: int, resource: int) -> int:
        """Next level above `resource`, the maximum resource at most."""
        levels = self._levels[bracket]
        return levels[min(bisect_right(levels, resource), len(levels) - 1)]

    def group(self, bracket: int) -> int:
        """Number of the bracket whose records the trials of `bracket` are part of."""
        return 0 if self._shared else bracket

    def compared(self, bracket: int) -> int | None:
        """Bracket whose trials are compared, None for all trials."""
        return bracket if len(self.rungs) > 1 and not self._shared else None

    def records(self, bracket: int, level: int) -> Records:
        key = self.group(bracket), level
        records = self._records.get(key)
        if records is None:
            records = self._records[key] = Records()
        return records

    def entered(self, trial_id: int) -> Rung | None:
        """The rung that the trial entered with its last result read, None where it entered none."""
        return self._entered.get(trial_id)

    def read(self, history: HistoryView) -> list[tuple[Rung, Entry]]:
        """Take note of the results that were added since the last call; the entries among them, in order."""
        results, entries = history.results, []
        while self._read < len(results):
            result = results[self._read]
            entry = self._note(result, history.trials[result.trial_id].bracket)
            if entry is not None:
                entries.append(entry)
            self._read += 1
        return entries

    def _note(self, result: Result, bracket: int) -> tuple[Rung, Entry] | None:
        resource, trial_id = result.resource or 0, result.trial_id
        before = self._reached.get(trial_id, 0)
        if resource > before:
            self._reached[trial_id] = resource
        self._entered.pop(trial_id, None)
        levels = self._levels[bracket]
        position = bisect_right(levels, resource, 0, len(levels) - 1) - 1  # the last is that of the maximum resource
        if position < 0 or levels[position] <= before:
            return None
        rung = self._entered[trial_id] = self.rungs[bracket][position]
        records = self.records(bracket, rung.level)
        entry = Entry(result, worst_last(result.loss), len(records.entries))
        records.entries.append(entry)
        insort(records.losses, entry.loss)
        return rung, entry
