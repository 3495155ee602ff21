"""FC-Net tabular benchmarks (A. Klein, F. Hutter: arXiv:1905.04970): 62,208 two-layer networks, 100 epochs, 4 seeds."""

from __future__ import annotations

from benchmarks.tabulated import Tabulated

DEFAULTS = {"num_workers": 4, "instance_type": "ml.m5.large"}
REMEDY = (
    "get fcnet_tabular_benchmarks.tar.gz (http://ml4aad.org/wp-content/uploads/2019/01/), unpack it, then: "
    "harness table import fcnet FOLDER"
)


def _table(name: str) -> Tabulated:
    return Tabulated(f"nashpobench_{name}", "metric_valid_loss", 100, REMEDY)


protein_structure = _table("protein_structure")
naval_propulsion = _table("naval_propulsion")
parkinsons_telemonitoring = _table("parkinsons_telemonitoring")
slice_localization = _table("slice_localization")
