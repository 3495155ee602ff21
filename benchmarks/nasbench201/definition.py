"""NAS-Bench-201 (X. Dong, Y. Yang: arXiv:2001.00326): 15,625 cells, 200 epochs, 3 seeds, on three image data sets."""

from __future__ import annotations

from benchmarks.tabulated import Tabulated

DEFAULTS = {"num_workers": 4, "instance_type": "ml.m5.large"}
REMEDY = (
    "its authors publish it as a pickle, which is not read here; get the folder nasbench201 of Syne Tune's blackbox "
    "repository, then: harness table import repository FOLDER/nasbench201"
)


def _table(name: str) -> Tabulated:
    return Tabulated(f"nasbench201_{name}", "metric_valid_error", 200, REMEDY)


cifar10 = _table("cifar10")
cifar100 = _table("cifar100")
imagenet = _table("ImageNet16-120")
