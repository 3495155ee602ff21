"""Random search."""

from __future__ import annotations

from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.space import Config
from harness.options import Options
from harness.searchers.initial import InitialDesign


class RandomOptions(Options):
    """Random search has no arguments."""


class RandomSearcher:
    """Independent uniform draws without repetition (J. Bergstra, Y. Bengio: JMLR 13, 2012), first the mid-point."""

    def __init__(self, context: Context, options: RandomOptions) -> None:
        self._design = InitialDesign(context)

    def suggest(self, history: HistoryView, *, trial_id: int, resource: int | None) -> Config | None:
        return self._design.config(history, trial_id)
