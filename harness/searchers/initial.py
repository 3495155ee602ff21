"""The configurations that every searcher starts with, so that runs with one seed are paired."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.space import Config

_REDRAWS = 200


class InitialDesign:
    """The given points, by default the mid-point of the space; then one keyed random draw for every trial.

    Attributes:
        points: configurations of trials 0, 1, ...

    The draw of a trial depends on the seed and its id alone, and is repeated (next draw of the same generator)
    while it equals the configuration of an earlier trial.
    """

    def __init__(self, context: Context) -> None:
        self._space = context.problem.space
        self._seed = context.seed
        self.points = (self._space.midpoint(),) if context.points is None else context.points
        # Caches of what the history says: keys of its first `_read` trials, and how far the enumeration is used up.
        self._seen: set[tuple[Any, ...]] = set()
        self._read = 0
        self._rest: Iterator[Config] | None = None
        self._left: Config | None = None

    def seen(self, history: HistoryView, config: Config) -> bool:
        """Whether a trial of the history has this configuration."""
        while self._read < len(history.trials):
            self._seen.add(self._space.key(history.trials[self._read].config))
            self._read += 1
        return self._space.key(config) in self._seen

    def config(self, history: HistoryView, trial_id: int) -> Config | None:
        """Configuration of trial `trial_id`, unlike all of the history's; None where the space is used up."""
        if trial_id < len(self.points):
            return self.points[trial_id]
        generator = rng(self._seed, "random", trial_id)
        for _ in range(_REDRAWS):
            config = self._space.sample(generator)
            if not self.seen(history, config):
                return config
        return self._first_left(history)

    def _first_left(self, history: HistoryView) -> Config | None:
        """First unused configuration in the order of enumeration: what is left can be too rare to be drawn."""
        if self._space.size is None:
            return None
        if self._rest is None:
            self._rest = self._space.enumerate()
            self._left = next(self._rest, None)
        while self._left is not None and self.seen(history, self._left):
            self._left = next(self._rest, None)
        return self._left
