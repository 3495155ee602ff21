"""The table of benchmarks: name -> definition. Adding one is a folder beside this file and one entry here."""

from __future__ import annotations

from collections.abc import Mapping

from harness.registry import Plugin

BENCHMARKS: Mapping[str, Plugin] = {
    "mlp_fashionmnist": Plugin(
        "benchmarks.mlp_fashionmnist.definition:define",
        "benchmarks.mlp_fashionmnist.definition:MlpOptions",
        "two-layer perceptron on Fashion-MNIST (validation accuracy, up to 81 epochs)",
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
}
