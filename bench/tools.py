"""The tools that are compared, and in which environment each runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from bench.environments import OURS, interpreter
from bench.worker import ROOT, Worker
from harness import __version__
from harness.errors import EnvironmentFault

# Part -> those of our modules that can change what it measures.
_SEARCH = ("core", "gp", "searchers", "schedulers")
_RUN = ("core", "schedulers", "searchers/random.py", "searchers/initial.py", "tuner", "backends", "results")
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "searchers": _SEARCH,
    "regret": _SEARCH,
    "simulator": (*_RUN, "blackbox"),
    "trials": (*_RUN, "reporter.py"),
    "startup": ("",),
}


@dataclass(frozen=True)
class Tool:
    """Attributes:
    label: how the report calls it.
    target: adapter, "module:class".
    distributions: packages whose versions are recorded.
    arguments: of the adapter, beyond space, seed and observations.
    slow: takes seconds for a suggestion; measured last, and with fewer seeds.
    gaussian: models with Gaussian processes; those without are faster and are not what ours is measured against.
    recommends: hands out a configuration by its model, which with noise need not be the best observed.
    """

    label: str
    environment: str
    target: str
    distributions: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    slow: bool = False
    gaussian: bool = True
    recommends: bool = False


def _ours(label: str, **arguments: Any) -> Tool:
    return Tool(label, OURS, "bench.peers.ours:Ours", ("numpy", "scipy"), arguments, recommends=True)


_SYNE = ("syne-tune", "numpy", "scipy")
TOOLS: Mapping[str, Tool] = {
    "ours": _ours("ours"),
    "ours-random-start": _ours("ours, random start", random_start=True),
    "random": replace(_ours("random search", searcher="random"), gaussian=False, recommends=False),
    "optuna-tpe": Tool(
        "Optuna TPE",
        "torch",
        "bench.peers.optuna:Optuna",
        ("optuna", "numpy"),
        {"sampler": "TPESampler"},
        gaussian=False,
    ),
    "optuna-gp": Tool("Optuna GP", "torch", "bench.peers.optuna:Optuna", ("optuna", "torch", "scipy")),
    "synetune-0.13": Tool("Syne Tune 0.13", "synetune013", "bench.peers.synetune013:GaussianProcess", _SYNE),
    "synetune-0.16": Tool(
        "Syne Tune 0.16 BoTorch", "torch", "bench.peers.synetune016:BoTorch", (*_SYNE, "botorch", "torch")
    ),
    "skopt": Tool("scikit-optimize", "skopt", "bench.peers.skopt:Skopt", ("scikit-optimize", "scikit-learn", "numpy")),
    "hebo": Tool("HEBO", "hebo", "bench.peers.hebo:Hebo", ("HEBO", "pymoo", "torch", "gpytorch"), slow=True),
    "ax": Tool("Ax", "ax", "bench.peers.ax:Ax", ("ax-platform", "botorch", "torch"), slow=True, recommends=True),
}
MOBSTER: Mapping[str, Tool] = {
    "ours": _ours("ours"),
    "synetune-0.13": Tool("Syne Tune 0.13", "synetune013", "bench.peers.synetune013:Mobster", _SYNE),
}


@cache
def source_digest(part: str) -> str:
    """Of the modules that can change what a part measures: where they change, ours is measured anew."""
    digest = hashlib.sha256()
    for name in _SOURCES[part]:
        source = ROOT / "harness" / name
        for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Laboratory:
    """Starts tools. One whose environment cannot be made is left out, and said so once.

    Attributes:
        left_out: environment -> why.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.left_out: dict[str, str] = {}

    def has(self, environment: str) -> bool:
        if environment in self.left_out:
            return False
        try:
            interpreter(environment, self._say)
        except EnvironmentFault as fault:
            self.left_out[environment] = str(fault)
            self._say(f"left out: {fault}")
            return False
        return True

    def available(self, tools: Mapping[str, Tool], names: Iterable[str]) -> dict[str, Tool]:
        """Those of `names` that are in `tools` and whose environment is there."""
        return {name: tools[name] for name in names if name in tools and self.has(tools[name].environment)}

    def start(self, tool: Tool, patience: float = 600.0) -> Worker:
        worker = Worker(interpreter(tool.environment, self._say), tool.target, tool.distributions, patience)
        if tool.environment == OURS:
            worker.versions["hpo-harness"] = __version__
        return worker
