"""Metrics by regular expression."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

# Metrics, and what the script calls the level.
Found = tuple[Mapping[str, float], float | None]

# Punctuation of a log line that `\S+` takes in with a number.
_AROUND = "\"'`([{<,;:%>}])"


def number(text: Any) -> float | None:
    """The number that a piece of a log line means, None where it means none."""
    try:
        return float(str(text).strip().strip(_AROUND).rstrip("."))
    except ValueError:
        return None


def level_of(text: Any) -> float | None:
    """The level that a piece of a log line means; NaN and infinity are none."""
    level = number(text)
    return level if level is not None and math.isfinite(level) else None


class Patterns:
    """Looks through the lines of an output for reports.

    A metric belongs to the last resource level seen, that of its own line included. Without a pattern for levels
    they are counted. Named groups of the metric's pattern are metrics of these names, its first group is the metric.
    """

    def __init__(self, metric: str, metric_regex: str, resource_regex: str | None, first: int) -> None:
        self._metric = metric
        self._values = re.compile(metric_regex)
        self._levels = re.compile(resource_regex) if resource_regex else None
        self._level: float | None = None
        self._next = float(first)
        self._matched: str | None = None

    def find(self, line: str) -> Found | None:
        """Metrics and level (counted from `first` where there is no pattern for it) that a line brings."""
        if self._levels is not None and (found := self._levels.search(line)):
            level = level_of(found[1])
            self._level = self._level if level is None else level
        found = self._values.search(line)
        if found is None:
            return None
        self._matched = line.strip()
        named = found.groupdict() or {self._metric: found[1]}
        values = {name: value for name, text in named.items() if (value := number(text)) is not None}
        if not values or (self._levels is not None and self._level is None):
            return None
        if self._levels is None:
            self._level, self._next = self._next, self._next + 1
        return values, self._level

    def complaint(self) -> str:
        """Why nothing was found."""
        if self._matched is None:
            return f"metric_regex {self._values.pattern!r} matched no line of the output"
        if self._levels is not None and self._level is None:
            return f"resource_regex {self._levels.pattern!r} matched no line before that with the metric"
        return f"metric_regex {self._values.pattern!r} found no number in the line: {self._matched[:200]}"
