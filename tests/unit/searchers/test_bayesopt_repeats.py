"""What is suggested follows from seed and history, in any process; and long histories stay affordable."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from harness.core.history import History
from harness.core.problem import Problem
from harness.core.trial import Status
from tests.unit.searchers.experiments import MIXED, begin, finish, mixed, searcher_of

LEVELS = (1, 3, 9)
ANSWER = """
import json, sys
from tests.unit.searchers.test_bayesopt_repeats import answer
print(json.dumps(answer(json.load(sys.stdin))))
"""


def problem_of(levels: tuple[int, ...]) -> Problem:
    return Problem(MIXED, "loss", resource_attr="epoch" if levels else None, max_resource=9 if levels else None)


def replayed(events: list, levels: tuple[int, ...]) -> History:
    """The history that a list of [what, trial id or configuration, ...] tells."""
    history = History(problem_of(levels))
    for what, *rest in events:
        if what == "start":
            begin(history, rest[0], levels[0] if levels else None)
        elif what == "report":
            history.report(rest[0], rest[1], at=0.0)
        else:
            history.end(rest[0], Status(what))
    return history


def answer(asked: dict) -> dict:
    levels = tuple(asked["levels"])
    history = replayed(asked["events"], levels)
    it = searcher_of(problem_of(levels), seed=asked["seed"], workers=3, levels=levels)
    return it.suggest(history, trial_id=len(history.trials), resource=levels[0] if levels else None)


def run(levels: tuple[int, ...], count: int) -> tuple[list, dict]:
    """Events of an experiment with three workers that ends out of order, and what its own searcher says next."""
    events, generator = [], np.random.default_rng(7)
    history = History(problem_of(levels))
    it = searcher_of(problem_of(levels), seed=3, workers=3, levels=levels)
    while True:
        config = it.suggest(history, trial_id=len(history.trials), resource=levels[0] if levels else None)
        if len(history.trials) == count:
            return events, config
        done = [["start", config]]
        if len(history.running()) == 2:
            trial = history.running()[generator.integers(2)]
            for epoch in range(1, int(generator.integers(1, 10)) + 1 if levels else 2):
                done.append(["report", trial.trial_id, {"loss": mixed(trial.config) + 1 / epoch, "epoch": epoch}])
            done.append(["Failed" if generator.random() < 0.1 else "Completed", trial.trial_id])
        events += done
        begin(history, config, levels[0] if levels else None)
        for what, *rest in done[1:]:
            history.report(rest[0], rest[1], at=0.0) if what == "report" else history.end(rest[0], Status(what))


@pytest.mark.parametrize("levels", [(), LEVELS])
def test_another_process_says_the_same_after_replay(levels: tuple[int, ...]) -> None:
    events, expected = run(levels, 40)
    asked = json.dumps({"events": events, "levels": levels, "seed": 3})
    printed = subprocess.run([sys.executable, "-c", ANSWER], input=asked, capture_output=True, text=True, check=True)
    assert json.loads(printed.stdout) == expected
    assert answer(json.loads(asked) | {"seed": 4}) != expected


def test_of_ten_thousand_observations_a_bounded_number_with_the_best_is_modelled() -> None:
    problem = Problem(MIXED, "loss")
    history, generator = History(problem), np.random.default_rng(0)
    for _ in range(10_000):
        config = MIXED.sample(generator)
        finish(history, begin(history, config), mixed(config))
    it = searcher_of(problem)
    tracemalloc.start()
    for _ in range(3):
        config = it.suggest(history, trial_id=len(history.trials), resource=None)
        finish(history, begin(history, config), mixed(config))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    surrogate = it._proposer._surrogate
    surrogate.observations.update(history)
    target = surrogate.target(history, lambda counts: 0, lambda: False)
    modelled = {row.tobytes() for row in target.chain.posteriors[0].X}
    assert len(target.chain.posteriors[0].X) == 800
    top = sorted(history.results, key=lambda result: result.loss)[:200]
    encoder = it._proposer._encoder
    assert all(encoder.encode(history.trials[result.trial_id].config).tobytes() in modelled for result in top)
    assert mixed(config) < 1.1 * top[0].loss
