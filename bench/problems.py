"""Test functions with known minima and their spaces; standard library only, all tools' environments import it.

A space is a mapping of names to ("float" | "log" | "logint", lower, upper) or ("cat", [values]), as JSON can carry it.
All functions have their minimum at 0, so that a value is a simple regret.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Spec = Sequence[Any]
Space = Mapping[str, Spec]
Config = Mapping[str, Any]

MIXED: Space = {
    "lr": ("log", 1e-5, 1e-1),
    "wd": ("log", 1e-6, 1e-2),
    "mom": ("float", 0.0, 1.0),
    "drop": ("float", 0.0, 0.8),
    "units": ("logint", 8, 1024),
    "act": ("cat", ["relu", "tanh", "gelu", "swish"]),
}


def _cube(dimensions: int, lower: float, upper: float) -> Space:
    return {f"x{index}": ("float", lower, upper) for index in range(dimensions)}


def unit(value: float, spec: Spec) -> float:
    """Position of a number in its range, 0 to 1, on the log axis where the range is logarithmic."""
    kind, lower, upper = spec
    if kind in ("log", "logint"):
        return math.log(value / lower) / math.log(upper / lower)
    return float((value - lower) / (upper - lower))


def draw(space: Space, generator: random.Random) -> dict[str, Any]:
    """A configuration, uniform in every (log) range."""
    return {name: _draw(spec, generator) for name, spec in space.items()}


def _draw(spec: Spec, generator: random.Random) -> Any:
    if spec[0] == "cat":
        return generator.choice(spec[1])
    kind, lower, upper = spec
    if kind == "float":
        return generator.uniform(lower, upper)
    value = lower * (upper / lower) ** generator.random()
    return min(upper, max(lower, round(value) if kind == "logint" else value))


def branin(config: Config) -> float:
    x, y = config["x1"], config["x2"]
    bowl = (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2
    return float(bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.39788735772973816)


_HARTMANN_WEIGHTS = (1.0, 1.2, 3.0, 3.2)
_HARTMANN_WIDTHS = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_HARTMANN_CENTRES = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def hartmann6(config: Config) -> float:
    x = [config[f"x{index}"] for index in range(6)]
    total = 0.0
    for weight, widths, centres in zip(_HARTMANN_WEIGHTS, _HARTMANN_WIDTHS, _HARTMANN_CENTRES, strict=True):
        total += weight * math.exp(-sum(w * (v - c) ** 2 for w, v, c in zip(widths, x, centres, strict=True)))
    return 3.32236801141551 - total


def mixed6(config: Config) -> float:
    """Minimum at gelu, lr, wd, mom, drop = 0.65, 0.4, 0.7, 0.25 of their ranges, 128 units; categories move lr's."""
    u = {name: unit(config[name], spec) for name, spec in MIXED.items() if spec[0] != "cat"}
    offset = {"relu": 0.05, "tanh": 0.25, "gelu": 0.0, "swish": 0.1}[config["act"]]
    shift = {"relu": 0.1, "tanh": -0.25, "gelu": 0.0, "swish": -0.1}[config["act"]]
    lr, wd, mom, drop = u["lr"] - 0.65 - shift, u["wd"] - 0.4, u["mom"] - 0.7, u["drop"] - 0.25
    units = u["units"] - unit(128, MIXED["units"])
    bowl = (
        4 * (lr + 0.4 * wd) ** 2 + wd**2 + 2 * (mom + 0.5 * lr) ** 2 + 0.8 * drop**2 + 1.5 * (units - 0.3 * drop) ** 2
    )
    ripples = 0.08 * (1 - math.cos(5 * math.pi * lr)) + 0.04 * (1 - math.cos(7 * math.pi * mom))
    return offset + bowl + ripples


def ackley(config: Config) -> float:
    x = list(config.values())
    root = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(math.cos(2 * math.pi * v) for v in x) / len(x)
    return 20 - 20 * math.exp(-0.2 * root) + math.e - math.exp(waves)


def rosenbrock(config: Config) -> float:
    x = list(config.values())
    return float(sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x)))


def levy(config: Config) -> float:
    w = [1 + (v - 1) / 4 for v in config.values()]
    middle = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return float(math.sin(math.pi * w[0]) ** 2 + middle + last)


@dataclass(frozen=True)
class Problem:
    """Attributes:
    noise: standard deviation of what is added to the value that a tool is told.
    held_out: no setting of ours was chosen by looking at it; reported apart. The middle of the range, at which ours
        starts, is not near the minimum.
    turned: the values of choices are listed from another one on for each seed. Tools that begin with the middle of the
        space take a value by its place in the list, so that one fixed order favours some of them.
    """

    space: Space
    function: Callable[[Config], float]
    noise: float = 0.0
    held_out: bool = False
    turned: bool = False

    def space_of(self, seed: int) -> Space:
        """What a run with that seed searches."""
        return {name: _turned(spec, seed) for name, spec in self.space.items()} if self.turned else self.space


def _turned(spec: Spec, seed: int) -> Spec:
    if spec[0] != "cat":
        return spec
    first = seed % len(spec[1])
    return ("cat", [*spec[1][first:], *spec[1][:first]])


PROBLEMS: Mapping[str, Problem] = {
    "branin": Problem({"x1": ("float", -5.0, 10.0), "x2": ("float", 0.0, 15.0)}, branin),
    "hartmann6": Problem(_cube(6, 0.0, 1.0), hartmann6),
    "mixed6": Problem(MIXED, mixed6),
    "mixed6-turned": Problem(MIXED, mixed6, turned=True),
    "hartmann6+0.1": Problem(_cube(6, 0.0, 1.0), hartmann6, noise=0.1),
    "mixed6+0.03": Problem(MIXED, mixed6, noise=0.03),
    "mixed6-turned+0.03": Problem(MIXED, mixed6, noise=0.03, turned=True),
    "ackley6": Problem(_cube(6, -10.0, 25.0), ackley, held_out=True),
    "rosenbrock6": Problem(_cube(6, -5.0, 10.0), rosenbrock, held_out=True),
    "levy4": Problem(_cube(4, -5.0, 15.0), levy, held_out=True),
}
