"""Two-layer perceptron on Fashion-MNIST: what is searched, and how the training script is called."""

from __future__ import annotations

from pathlib import Path

from harness.benchmark import Benchmark, BenchmarkOptions, Calling, DataNeed, TableRef
from harness.core.domains import loguniform, randint, uniform
from harness.core.problem import Problem
from harness.core.space import Space
from harness.options import arg

# Recorded by scripts/record_mlp_fashionmnist.py; the YAML file beside it says how.
TABLE = Path(__file__).with_name("table.parquet")
TABLE_EPOCHS = 9

DEFAULTS = {"max_resource_level": 81, "num_workers": 4, "instance_type": "ml.c5.4xlarge"}
BACKEND_DEFAULTS = {"simulated": {"max_resource_level": TABLE_EPOCHS}}


class MlpOptions(BenchmarkOptions):
    dataset_path: str | None = arg(
        None,
        "folder that holds the four Fashion-MNIST files; without it they are looked for, and fetched once",
        identity=False,
        listable=False,
    )
    report_current_best: bool = arg(False, "report the best validation accuracy so far instead of the current one")


def define(options: MlpOptions, max_resource_level: int) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level` epochs."""
    space = Space(
        {
            "n_units_1": randint(4, 1024),
            "n_units_2": randint(4, 1024),
            "batch_size": randint(8, 128),
            "dropout_1": uniform(0, 0.99),
            "dropout_2": uniform(0, 0.99),
            "learning_rate": loguniform(1e-6, 1),
            "weight_decay": loguniform(1e-8, 1),
            "epochs": max_resource_level,
            "report_current_best": options.report_current_best,
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
        data={"dataset_path": DataNeed("fashion_mnist", options.dataset_path)},
        table=TableRef(TABLE, so_far=options.report_current_best),
        calling=Calling(preload=("torch", "harness.reporter")),
    )
