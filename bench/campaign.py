"""What all parts of a campaign share: what was asked for, where records go, which tools there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.records import Records
from bench.tools import Laboratory


@dataclass(frozen=True)
class Campaign:
    """Attributes:
    tools: names of `bench.tools`, in the order of measuring.
    seeds: runs 0 ... seeds - 1 of every cell of the part "regret".
    rounds: rounds of alternation that timings are to have.
    quick: a small part of every part, to see that all works.
    patience: seconds that a suggestion may take before the tool is spared larger problems.
    """

    folder: Path
    tools: Sequence[str]
    seeds: int
    rounds: int
    quick: bool
    patience: float
    problems: Sequence[str]
    say: Callable[[str], None]
    laboratory: Laboratory

    def records(self, part: str) -> Records:
        return Records(self.folder, part)
