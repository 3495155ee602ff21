"""Perceptron on scikit-learn's handwritten digits: real, and without a download."""

from __future__ import annotations

from pathlib import Path

from harness.benchmark import Benchmark, BenchmarkOptions, Calling
from harness.core.domains import lograndint, loguniform
from harness.core.problem import Problem
from harness.core.space import Space

DEFAULTS = {"max_resource_level": 27, "num_workers": 4}


class MlpDigitsOptions(BenchmarkOptions):
    """This benchmark has no arguments of its own."""


def define(options: MlpDigitsOptions, max_resource_level: int) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level` epochs."""
    space = Space(
        {
            "n_units": lograndint(4, 256),
            "batch_size": lograndint(8, 256),
            "learning_rate": loguniform(1e-5, 1),
            "alpha": loguniform(1e-8, 1),
            "epochs": max_resource_level,
        }
    )
    problem = Problem(
        space=space,
        metric="accuracy",
        mode="max",
        resource_attr="epoch",
        max_resource=max_resource_level,
        max_resource_attr="epochs",
        elapsed_time_attr="elapsed_time",
    )
    return Benchmark(
        script=Path(__file__).with_name("train.py"),
        problem=problem,
        calling=Calling(
            preload=("benchmarks.replay", "sklearn.datasets", "sklearn.model_selection", "sklearn.neural_network")
        ),
    )
