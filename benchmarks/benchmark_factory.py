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
}
