"""The table of benchmarks: name -> definition. Adding one is a folder beside this file and one entry here."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.lcbench.datasets import LCBENCH
from harness.registry import Plugin


def _published(target: str, summary: str) -> Plugin:
    """A table that others have published; it is imported once (`harness table import`)."""
    return Plugin(
        target,
        "benchmarks.tabulated:TabulatedOptions",
        summary,
        capabilities=frozenset({"tabulated"}),
        pairs_with=frozenset({"simulated"}),
        extra="blackbox",
    )


_CELLS = {"cifar10": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "imagenet"}
_NETWORKS = ("protein_structure", "naval_propulsion", "parkinsons_telemonitoring", "slice_localization")

BENCHMARKS: Mapping[str, Plugin] = {
    "mlp_fashionmnist": Plugin(
        "benchmarks.mlp_fashionmnist.definition:define",
        "benchmarks.mlp_fashionmnist.definition:MlpOptions",
        "two-layer perceptron on Fashion-MNIST (validation accuracy, up to 81 epochs)",
        capabilities=frozenset({"tabulated"}),
        extra="benchmarks",
    ),
    "resnet_cifar10": Plugin(
        "benchmarks.resnet_cifar10.definition:define",
        "benchmarks.options:TrainingOptions",
        "ResNet-18 on CIFAR-10 (validation accuracy as objective, up to 27 epochs)",
        extra="benchmarks",
    ),
    "lstm_wikitext2": Plugin(
        "benchmarks.lstm_wikitext2.definition:define",
        "benchmarks.options:TrainingOptions",
        "LSTM language model on WikiText-2 (negated validation perplexity as objective, up to 81 epochs)",
        extra="benchmarks",
    ),
    "distilbert_imdb": Plugin(
        "benchmarks.distilbert_imdb.definition:define",
        "benchmarks.distilbert_imdb.definition:DistilbertOptions",
        "DistilBERT on film reviews of IMDB (validation accuracy, up to 15 epochs)",
        extra="benchmarks transformers",
    ),
    "mlp_digits": Plugin(
        "benchmarks.mlp_digits.definition:define",
        "benchmarks.mlp_digits.definition:MlpDigitsOptions",
        "perceptron on scikit-learn's digits (validation accuracy, up to 27 epochs); no download",
        extra="benchmarks",
    ),
    "svm_breast_cancer": Plugin(
        "benchmarks.svm_breast_cancer.definition:define",
        "benchmarks.svm_breast_cancer.definition:SvmOptions",
        "support vector machine on scikit-learn's breast cancer data (accuracy over up to 10 folds); no download",
        extra="benchmarks",
    ),
    "gbm_diabetes": Plugin(
        "benchmarks.gbm_diabetes.definition:define",
        "benchmarks.gbm_diabetes.definition:GbmOptions",
        "boosted trees on scikit-learn's diabetes data (validation RMSE, up to 27 rounds); no download",
        extra="benchmarks",
    ),
    "text_pydocs": Plugin(
        "benchmarks.text_pydocs.definition:define",
        "benchmarks.text_pydocs.definition:TextOptions",
        "topic of a paragraph of Python's documentation (validation accuracy, up to 27 epochs); no download",
        extra="benchmarks",
    ),
    "script": Plugin(
        "benchmarks.script.definition:define",
        "benchmarks.script.definition:ScriptOptions",
        "your own training script (--entry_point train.py --config_space space.yaml --metric NAME)",
    ),
    "table": Plugin(
        "benchmarks.table.definition:define",
        "benchmarks.table.definition:TableOptions",
        "any table of finished trainings (--table FILE.parquet), played back in virtual time",
        capabilities=frozenset({"tabulated"}),
        pairs_with=frozenset({"simulated"}),
        extra="blackbox",
    ),
    **{
        f"nasbench201_{name}": _published(
            f"benchmarks.nasbench201.definition:{attribute}", f"NAS-Bench-201 on {name} (table; up to 200 epochs)"
        )
        for name, attribute in _CELLS.items()
    },
    **{
        f"nashpobench_{name}": _published(
            f"benchmarks.nashpobench.definition:{name}", f"two-layer network on {name} (table; up to 100 epochs)"
        )
        for name in _NETWORKS
    },
    **{
        f"lcbench_{name}": _published(
            f"benchmarks.lcbench.definition:{name}", f"network on {name} (table of LCBench; up to 50 epochs)"
        )
        for name in LCBENCH
    },
}
