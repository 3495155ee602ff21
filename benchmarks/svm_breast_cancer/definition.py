"""Support vector machine on scikit-learn's breast cancer data: real, and without a download."""

from __future__ import annotations

from pathlib import Path

from harness.benchmark import Benchmark, BenchmarkOptions, Calling
from harness.core.domains import choice, loguniform
from harness.core.problem import Problem
from harness.core.space import Space

DEFAULTS = {"max_resource_level": 10, "num_workers": 4}


class SvmOptions(BenchmarkOptions):
    """This benchmark has no arguments of its own."""


def define(options: SvmOptions, max_resource_level: int) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level` folds (ten at most)."""
    space = Space(
        {
            "C": loguniform(1e-3, 1e4),
            "gamma": loguniform(1e-6, 10),
            "kernel": choice(["rbf", "linear", "poly", "sigmoid"]),
            "folds": max_resource_level,
        }
    )
    problem = Problem(
        space=space,
        metric="accuracy",
        mode="max",
        resource_attr="fold",
        max_resource=max_resource_level,
        max_resource_attr="folds",
        elapsed_time_attr="elapsed_time",
    )
    return Benchmark(
        script=Path(__file__).with_name("train.py"),
        problem=problem,
        calling=Calling(preload=("benchmarks.replay", "sklearn.datasets", "sklearn.model_selection", "sklearn.svm")),
    )
