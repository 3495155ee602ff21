"""Topic of a paragraph of Python's documentation: real text, and without a download."""

from __future__ import annotations

from pathlib import Path

from harness.benchmark import Benchmark, BenchmarkOptions, Calling
from harness.core.domains import choice, loguniform, randint
from harness.core.problem import Problem
from harness.core.space import Space

DEFAULTS = {"max_resource_level": 27, "num_workers": 4}


class TextOptions(BenchmarkOptions):
    """This benchmark has no arguments of its own."""


def define(options: TextOptions, max_resource_level: int) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level` epochs."""
    space = Space(
        {
            "alpha": loguniform(1e-8, 1e-1),
            "eta0": loguniform(1e-4, 10),
            "ngram_max": randint(1, 3),
            "loss": choice(["hinge", "log_loss", "modified_huber"]),
            "min_df": randint(1, 10),
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
            preload=(
                "benchmarks.replay",
                "sklearn.feature_extraction.text",
                "sklearn.linear_model",
                "sklearn.model_selection",
            )
        ),
    )
