"""Histories made by hand, and short optimisations of known functions."""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.core.domains import choice, loguniform, randint, uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context, Searcher
from harness.core.space import Config, Space
from harness.core.trial import Status, Trial
from harness.searchers.bayesopt import BayesOpt, BayesOptOptions

MIXED = Space(
    {
        "lr": loguniform(1e-5, 1e-1),
        "drop": uniform(0.0, 0.8),
        "units": randint(8, 256),
        "act": choice(["relu", "tanh", "gelu", "swish"]),
    }
)
BRANIN = Space({"x": uniform(-5.0, 10.0), "y": uniform(0.0, 15.0)})


def mixed(config: Config) -> float:
    """Least value 0 at lr = 1e-2, drop = 0.2, units = 128, act = gelu."""
    steps = (math.log10(config["lr"]) + 2) / 4, config["drop"] - 0.2, (config["units"] - 128) / 256
    return (
        4 * steps[0] ** 2
        + steps[1] ** 2
        + 2 * steps[2] ** 2
        + 0.1 * ["gelu", "relu", "swish", "tanh"].index(config["act"])
    )


def branin(config: Config) -> float:
    """Least value 0."""
    x, y = config["x"], config["y"]
    bowl = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.39788735772973816


def searcher_of(problem: Problem, seed: int = 0, workers: int = 1, levels: tuple[int, ...] = (), **options) -> BayesOpt:
    return BayesOpt(Context(problem, seed, workers, levels), BayesOptOptions(**options))


def begin(history: History, config: Config, milestone: int | None = None) -> Trial:
    return history.start(config, until=None, bracket=0, milestone=milestone)


def finish(history: History, trial: Trial, loss: float) -> None:
    history.report(trial.trial_id, {"loss": loss}, at=float(len(history.results)))
    history.end(trial.trial_id, Status.COMPLETED)


def optimise(searcher: Searcher, history: History, function: Callable[[Config], float], count: int) -> list[Config]:
    """One evaluation after the other until there are `count`, or the space is used up."""
    while len(history.trials) < count:
        config = searcher.suggest(history, trial_id=len(history.trials), resource=None)
        if config is None:
            break
        finish(history, begin(history, config), function(config))
    return [trial.config for trial in history.trials.values()]


def best(history: History) -> float:
    return min(result.loss for result in history.results)
