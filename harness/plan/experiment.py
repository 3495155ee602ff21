"""The arguments that every experiment has, and those of the sweep as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import field_validator

from harness.core.points import read_points
from harness.core.seeds import SEED_LIMIT
from harness.options import Options, arg
from harness.plan.remote import RemoteOptions

NAME_PATTERN = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"


class TuningOptions(Options):
    """What is tuned, by which method, until when, and how much is said meanwhile."""

    experiment_name: str = arg(
        "stune",
        "prefix of the experiment's name and of its results",
        listable=False,
        form="letters, digits and single hyphens between them, at most 63",
        pattern=NAME_PATTERN,
    )
    benchmark_name: str = arg("mlp_fashionmnist", "benchmark to tune", listable=False)
    scheduler: str = arg("fifo", "decides which trials start, go on, pause and stop")
    searcher: str = arg("random", "suggests configurations")
    backend: str = arg("local", "where trials run", listable=False)
    run_id: int = arg(0, "repetition; experiments of equal run id have equal seeds", ge=0)
    random_seed_offset: int | None = arg(
        None,
        "seed of an experiment = (this + run_id) modulo 2**32; drawn at random where not given",
        listable=False,
        ge=0,
        lt=SEED_LIMIT,
    )
    scheduler_timeout: float | None = arg(
        None, "seconds after which no trial starts and running ones are stopped", gt=0
    )
    num_trials: int | None = arg(None, "the experiment ends once this many trials have completed", ge=1)
    max_failures: int = arg(1, "the experiment ends once this many trials have failed", ge=1)
    num_workers: int = arg(4, "trials that run at once", ge=1)
    points_to_evaluate: str | None = arg(
        None,
        "configurations of the first trials, as a JSON list of objects (in a manifest a plain list); what one lacks is "
        "the middle of its range, or the first of a choice; [] for none; default: one empty object, the mid-point",
        listable=False,
    )
    cpus: float | None = arg(
        None, "processors that the experiment may use, in a container (e.g. 1.5)", listable=False, identity=False, gt=0
    )
    memory: str | None = arg(
        None,
        "memory that the experiment may use, in a container: a number with k, m or g (e.g. 4g)",
        listable=False,
        identity=False,
        form="a number with k, m or g, such as 4g",
        pattern=r"^[1-9][0-9]*[kmgKMG]$",
    )
    gpus: int | None = arg(
        None, "GPUs that the experiment sees, in a container; -1 for all", listable=False, identity=False, ge=-1
    )
    max_resource_level: int | None = arg(None, "highest resource level (e.g. epochs) of a trial", ge=1)
    print_update_interval: float = arg(
        30, "seconds between two prints of the tuning status", listable=False, identity=False, gt=0
    )
    results_update_interval: float = arg(
        30, "seconds between two writes of results.csv.zip", listable=False, identity=False, gt=0
    )
    tags: str | None = arg(
        None, "words to find the experiment by, kept in its metadata", listable=False, identity=False
    )
    no_tuner_logging: bool = arg(False, "do not print the tuning status", listable=False, identity=False)
    debug_log_level: bool = arg(
        False, "log level DEBUG: also a line for every report of each trial", listable=False, identity=False
    )
    no_debug_log: bool = arg(False, "silence the scheduler's messages on trials", listable=False, identity=False)

    @field_validator("points_to_evaluate")
    @classmethod
    def _canonical(cls, text: str | None) -> str | None:
        return None if text is None else json.dumps(read_points(text))


class ExperimentOptions(RemoteOptions, TuningOptions):
    """One tuning experiment."""


def experiment_options(settings: Mapping[str, Any]) -> ExperimentOptions:
    """The experiment's own of a job's settings."""
    return ExperimentOptions(**{name: settings[name] for name in ExperimentOptions.model_fields if name in settings})


# Old names of arguments, still understood.
ALIASES = {"epochs": "max_resource_level"}


class SweepOptions(Options):
    """What the sweep as a whole is told; no experiment sees these."""

    num_runs: int | None = arg(
        None, "short for run ids 0 .. N-1; ignored where run_id is given", listable=False, ge=1, le=1_000_000
    )
    argument_groups: str | None = arg(
        None,
        'zip lists instead of multiplying them: "scheduler searcher|max_resource_level scheduler_timeout"',
        listable=False,
    )
    budget_usd: float | None = arg(
        None, "launch nothing on AWS where it could cost more than so many US dollars", listable=False, gt=0
    )
    skip_initial_experiments: int = arg(
        0, "leave out this many experiments at the start of the order", listable=False, ge=0
    )
