"""DistilBERT on reviews of IMDB: what is searched, and how the training script is called."""

from __future__ import annotations

from pathlib import Path

from benchmarks.distilbert_imdb import FORMATS
from benchmarks.options import TrainingOptions
from harness.benchmark import Benchmark, Calling, DataNeed
from harness.core.domains import loguniform
from harness.core.problem import Problem
from harness.core.space import Space
from harness.options import arg

DEFAULTS = {"max_resource_level": 15, "num_workers": 4, "instance_type": "ml.g4dn.xlarge"}
PRETRAINED = "distilbert-base-uncased"


class DistilbertOptions(TrainingOptions):
    model_path: str | None = arg(
        None,
        "folder with the pretrained model and its tokenizer; without it `transformers` fetches them",
        identity=False,
        listable=False,
    )
    batch_size: int = arg(16, "reviews a step", ge=1)
    max_length: int = arg(256, "tokens of a review that are read", ge=8, le=512)


def define(options: DistilbertOptions, max_resource_level: int) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level` epochs."""
    space = Space(
        {
            "learning_rate": loguniform(*((1e-4, 1e-2) if options.tiny else (1e-6, 1e-4))),
            "weight_decay": loguniform(1e-6, 1e-4),
            "batch_size": options.batch_size,
            "max_length": options.max_length,
            **({} if options.model_path else {"model_path": PRETRAINED}),
            "epochs": max_resource_level,
            **options.constants(),
        }
    )
    data = dict(options.data("imdb", FORMATS))
    if options.model_path is not None:
        data["model_path"] = DataNeed(None, options.model_path, formats=("config.json",))
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
        data=data,
        network=not options.tiny and options.model_path is None,
        calling=Calling(preload=("torch", "transformers", "benchmarks.pytorch")),
    )
