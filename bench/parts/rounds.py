"""Rounds of alternation: the unit of all timings. Ratios are taken within a round, never across."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from bench.records import Record, Records, machine

Name = TypeVar("Name")


def rotated(names: Sequence[Name], by: int) -> list[Name]:
    """Every round starts with another tool, so that none always runs on what the one before it left behind."""
    by %= max(1, len(names))
    return [*names[by:], *names[:by]]


def done(records: Records, cell: Any, names: Sequence[str], ours: str) -> list[Record]:
    """Rounds of a cell that hold all the tools `names`, measured on this machine with this version of ours.

    A peer may have been left out, ours may not.
    """
    return [
        record
        for record in records.matching(cell=cell, ours=ours, machine=machine())
        if set(names)
        <= set(record["tools"]) | {name for name in record.get("left_out", {}) if not name.startswith("ours")}
    ]
