"""Arithmetic of the page: medians, quartiles and ratios from records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from bench.records import Record


@dataclass(frozen=True)
class Spread:
    """Median, lower and upper quartile, and of how many."""

    middle: float
    lower: float
    upper: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    """Quartiles interpolate between the values (inclusive)."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], 1)
    lower, middle, upper = quantiles(values, n=4, method="inclusive")
    return Spread(middle, lower, upper, len(values))


def latest(records: Sequence[Record]) -> list[Record]:
    """Records of the newest version of ours, and those that have none of ours."""
    versions = [record["ours"] for record in records if "ours" in record]
    return [record for record in records if record.get("ours") in (None, *versions[-1:])]


def seconds(times: Mapping[str, Any], clock: str) -> float:
    """Of one tool in one round: a number, or the median of all suggestions but the first."""
    value = times[clock]
    return float(median(value[1:] or value) if isinstance(value, list) else value)


def middle(rounds: Sequence[Record], tool: str, clock: str) -> float | None:
    """Median over the rounds that have the tool."""
    values = [seconds(one["tools"][tool], clock) for one in rounds if tool in one["tools"]]
    return median(values) if values else None


@dataclass(frozen=True)
class Ratio:
    """How many times as long as ours the fastest peer took: median, least and greatest over rounds."""

    peer: str
    middle: float
    least: float
    greatest: float


def against_fastest(rounds: Sequence[Record], peers: Sequence[str], clock: str, ours: str = "ours") -> Ratio | None:
    """The peer with the least median ratio; ratios are taken within rounds. None without a round that has both."""
    measured = [one["tools"] for one in rounds if ours in one["tools"]]
    found = []
    for peer in peers:
        ratios = [seconds(tools[peer], clock) / seconds(tools[ours], clock) for tools in measured if peer in tools]
        if ratios:
            found.append(Ratio(peer, median(ratios), min(ratios), max(ratios)))
    return min(found, key=lambda ratio: ratio.middle, default=None)


def quiet(rounds: Sequence[Record]) -> list[Record]:
    """Rounds whose wall clock means something: with a load average (1 minute) of at most one and a half a CPU."""
    return [one for one in rounds if one["load"][0] <= 1.5 * one["machine"]["cpus"]]


def regret(run: Record, evaluation: int) -> float:
    """Least true value among the first evaluations of a run."""
    return float(min(value for when, value in run["improvements"] if when <= evaluation))


def handed_out(run: Record, evaluation: int) -> float:
    """True value of the configuration that the tool recommends: by its model if it has a way to, else as observed."""
    recommended = run["recommended"][str(evaluation)]
    return float(recommended.get("model", recommended["observed"]))


def share_above(values: Sequence[float], limit: float) -> float:
    """Part of the values that exceed the limit."""
    return sum(value > limit for value in values) / len(values)
