"""What the training jobs of experiments have cost so far, trials that are jobs of their own included."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.aws.jobs import Summary, TrainingJobs, common_part
from harness.aws.names import trial_stem
from harness.jobdir import read_json, write_json
from harness.plan.price import Prices


@dataclass(frozen=True)
class Spent:
    """Attributes:
    usd: of the jobs whose price is known; running ones since they were created, which is a little too much.
    seconds: that are charged.
    unknown: instance types without a price.
    """

    usd: float
    seconds: float
    jobs: int
    unknown: tuple[str, ...]

    def line(self) -> str:
        without = f", and {', '.join(self.unknown)}, of unknown price" if self.unknown else ""
        plural = "" if self.jobs == 1 else "s"
        return (
            f"spent so far: USD {self.usd:.2f} ({self.jobs} training job{plural}, {self.seconds / 3600:.2f} h){without}"
        )


def spending(
    tuner_names: Collection[str], jobs: TrainingJobs, prices: Prices, kept: Path, types: Mapping[str, str]
) -> Spent:
    """Args:
    kept: file that remembers types and what ended jobs were charged for, since each has to be asked for by itself.
    types: name of a training job -> its instance type, as far as they are known.
    """
    known: dict[str, Any] = {name: (kind, None) for name, kind in types.items()} | (read_json(kept) or {})
    # Of a long name further attempts and trials have less than the whole.
    starts = [*tuner_names, *(trial_stem(name) for name in tuner_names)]
    charges = {one.name: _charge(one, jobs, known) for one in _of(tuner_names, jobs.list(common_part(starts)))}
    if kept.parent.is_dir():
        write_json(kept, known)
    priced = [(prices.of(kind), seconds) for kind, seconds in charges.values()]
    return Spent(
        usd=sum(price * seconds / 3600 for price, seconds in priced if price is not None),
        seconds=sum(seconds for _, seconds in charges.values()),
        jobs=len(charges),
        unknown=tuple(sorted({kind for kind, _ in charges.values() if prices.of(kind) is None})),
    )


def _of(tuner_names: Collection[str], found: Iterable[Summary]) -> Iterable[Summary]:
    """Further attempts and trials have a number behind the experiment's name, whose start may be cut."""
    stamps = {name[-23:] for name in tuner_names}
    return [one for one in found if any(stamp in one.name for stamp in stamps)]


def _charge(one: Summary, jobs: TrainingJobs, known: dict[str, Any]) -> tuple[str, float]:
    """(instance type, seconds). A job is asked for once while it runs, for its type, and once when it has ended."""
    kind, seconds = known.get(one.name, ("", None))
    if not kind or (seconds is None and not one.running):
        details = jobs.describe(one.name)
        kind = details.instance_type
        if not one.running:
            seconds = details.billable if details.billable is not None else details.seconds or 0
        known[one.name] = [kind, seconds]
    return str(kind), time.time() - one.created if seconds is None else float(seconds)
