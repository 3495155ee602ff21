"""What a plan costs on AWS at most: run-time limit of every training job, times the price of its instance."""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.plan.experiment import experiment_options
from harness.plan.job import Job
from harness.plan.remote import run_limit


@dataclass(frozen=True)
class Prices:
    """Attributes:
    usd: instance type -> USD an hour.
    source: where the prices are from, for people.
    """

    usd: Mapping[str, float]
    source: str

    def of(self, instance_type: str) -> float | None:
        """USD an hour, None where it is not known."""
        return self.usd.get(instance_type)


def read_prices(own: Path | None = None) -> Prices:
    """Our table, with the prices of the user's file over it. UsageError where that cannot be read."""
    table = tomllib.loads(resources.files("harness.plan").joinpath("prices.toml").read_text())
    usd = {name: float(facts["usd"]) for name, facts in table["instances"].items()}
    source = f"on demand in us-east-1, as of {table['date']}"
    if own is None:
        return Prices(usd, source)
    try:
        given = tomllib.loads(own.read_text())
    except OSError as error:
        raise UsageError(f"--prices {own}: {error.strerror}") from None
    except ValueError as error:  # no TOML, or no text
        raise UsageError(f"--prices {own}: {error}") from None
    for name, price in given.items():
        if isinstance(price, bool) or not isinstance(price, int | float) or not 0 <= price < math.inf:
            raise UsageError(f'--prices {own}: {name} = {price!r}: must be USD an hour, as in "ml.c5.xlarge" = 0.204')
    return Prices({**usd, **given}, f"{own}, the rest {source}")


@dataclass(frozen=True)
class Use:
    """Instances of one type that jobs may hold, and for how long at most (hours of all of them together)."""

    instance_type: str
    instances: int
    hours: float


def uses(settings: Mapping[str, Any], *, remote: bool = True) -> list[Use]:
    """What one experiment uses at most.

    With the back-end sagemaker every worker is an instance of its own, and the loop has one where it is remote.
    """
    options = experiment_options(settings)
    hours = run_limit(options, options.scheduler_timeout) / 3600
    if options.backend != "sagemaker":
        return [Use(options.trial_instance, 1, hours)] if remote else []
    trials = Use(options.trial_instance, options.num_workers, options.num_workers * hours)
    return [trials, Use(options.tuner_instance, 1, hours)] if remote else [trials]


@dataclass(frozen=True)
class Estimate:
    """Attributes:
    rows: instance type -> (most instances at once, hours at most, USD at most or None where the price is unknown).
    """

    rows: Mapping[str, tuple[int, float, float | None]]

    @property
    def usd(self) -> float:
        """USD at most of all whose price is known."""
        return sum(usd for _, _, usd in self.rows.values() if usd is not None)

    @property
    def unknown(self) -> list[str]:
        return [name for name, (_, _, usd) in self.rows.items() if usd is None]


def estimate(jobs: Iterable[Job], prices: Prices, *, remote: bool = True) -> Estimate:
    """What the jobs cost at most, all launched at once. `remote`: their loops run on AWS too."""
    instances: dict[str, int] = defaultdict(int)
    hours: dict[str, float] = defaultdict(float)
    for job in jobs:
        for use in uses(job.settings, remote=remote):
            instances[use.instance_type] += use.instances
            hours[use.instance_type] += use.hours
    rows = {}
    for name in instances:
        price = prices.of(name)
        rows[name] = (instances[name], hours[name], None if price is None else price * hours[name])
    return Estimate(rows)
