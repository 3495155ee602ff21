"""LSTM language model on WikiText-2: what is searched, and how the training script is called."""

from __future__ import annotations

from pathlib import Path

from benchmarks.lstm_wikitext2 import FORMATS
from benchmarks.options import TrainingOptions
from harness.benchmark import Benchmark, Calling
from harness.core.domains import loguniform, randint, uniform
from harness.core.problem import Problem
from harness.core.space import Space

DEFAULTS = {"max_resource_level": 81, "num_workers": 4, "instance_type": "ml.g4dn.12xlarge"}


def define(options: TrainingOptions, max_resource_level: int) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level` epochs."""
    space = Space(
        {
            "lr": loguniform(1, 50),
            "dropout": uniform(0, 0.99),
            "batch_size": randint(8, 256),
            "clip": uniform(0.1, 2),
            "lr_factor": loguniform(1, 100),
            "epochs": max_resource_level,
            **options.constants(),
        }
    )
    problem = Problem(
        space=space,
        metric="objective",
        mode="max",
        resource_attr="epoch",
        max_resource=max_resource_level,
        max_resource_attr="epochs",
        elapsed_time_attr="elapsed_time",
    )
    return Benchmark(
        script=Path(__file__).with_name("train.py"),
        problem=problem,
        data=options.data("wikitext2", FORMATS),
        calling=Calling(preload=("torch", "benchmarks.pytorch")),
    )
