"""LCBench (L. Zimmer, M. Lindauer, F. Hutter: arXiv:2006.13799): 2,000 networks, 50 epochs, on 35 data sets."""

from __future__ import annotations

from benchmarks.lcbench.datasets import LCBENCH
from benchmarks.tabulated import Tabulated

DEFAULTS = {"num_workers": 4, "instance_type": "ml.m5.large"}
REMEDY = (
    "get data_2k_lw.zip of LCBench (https://figshare.com/ndownloader/files/21188598), then: "
    "harness table import lcbench data_2k_lw.zip"
)


def __getattr__(name: str) -> Tabulated:
    """The definition for the data set `name`: one line of the factory for all of them."""
    if name not in LCBENCH:
        raise AttributeError(name)
    return Tabulated(f"lcbench_{name}", "val_accuracy", 50, REMEDY)
