"""Gradient-boosted trees on scikit-learn's diabetes data: real, and without a download."""

from __future__ import annotations

from pathlib import Path

from harness.benchmark import Benchmark, BenchmarkOptions, Calling
from harness.core.domains import lograndint, loguniform, randint, uniform
from harness.core.problem import Problem
from harness.core.space import Space

DEFAULTS = {"max_resource_level": 27, "num_workers": 4}


class GbmOptions(BenchmarkOptions):
    """This benchmark has no arguments of its own."""


def define(options: GbmOptions, max_resource_level: int) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level` rounds of ten trees."""
    space = Space(
        {
            "learning_rate": loguniform(1e-3, 1),
            "max_depth": randint(1, 8),
            "min_samples_leaf": lograndint(1, 64),
            "subsample": uniform(0.2, 1),
            "rounds": max_resource_level,
        }
    )
    problem = Problem(
        space=space,
        metric="rmse",
        mode="min",
        resource_attr="round",
        max_resource=max_resource_level,
        max_resource_attr="rounds",
        elapsed_time_attr="elapsed_time",
    )
    return Benchmark(
        script=Path(__file__).with_name("train.py"),
        problem=problem,
        calling=Calling(
            preload=("benchmarks.replay", "sklearn.datasets", "sklearn.model_selection", "sklearn.ensemble")
        ),
    )
