"""Benchmark harness for hyper-parameter optimisation. Names below are loaded on first use: importing costs nothing."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    name: "harness.core.domains"
    for name in (
        "uniform",
        "loguniform",
        "randint",
        "lograndint",
        "choice",
        "ordinal",
        "finrange",
        "logfinrange",
    )
} | {"AskTell": "harness.tuner.ask_tell"}

__all__ = [*_EXPORTS]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'harness' has no attribute '{name}'")
    return getattr(import_module(_EXPORTS[name]), name)
