"""Improvement where it is feasible."""

import math

import numpy as np
import pytest

from harness import AskTell, uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Space
from harness.core.trial import Status
from harness.errors import UsageError
from harness.searchers.bayesopt import BayesOptOptions
from harness.searchers.bayesopt_constrained import BayesOptConstrained
from harness.searchers.feasibility import Feasibility
from harness.searchers.surrogate import Target
from tests.unit.gp.data import slopes
from tests.unit.searchers.experiments import begin

SPACE = Space({"x": uniform(0, 1), "y": uniform(0, 1)})
PROBLEM = Problem(SPACE, "loss", constraint_attr="excess")


def evaluate(history: History, config: dict, edge: float = 0.4) -> None:
    """The metric falls towards (1, 1); feasible is what lies below x + y = 2 edge. Best feasible loss: -2 edge."""
    trial = begin(history, config)
    total = config["x"] + config["y"]
    history.report(trial.trial_id, {"loss": -total, "excess": 3 * (total - 2 * edge)}, at=float(len(history.results)))
    history.end(trial.trial_id, Status.COMPLETED)


def run(count: int, edge: float, seed: int = 0) -> History:
    history = History(PROBLEM)
    it = BayesOptConstrained(Context(PROBLEM, seed), BayesOptOptions())
    for index in range(count):
        evaluate(history, it.suggest(history, trial_id=index, resource=None), edge)
    return history


def test_it_goes_up_to_the_edge_of_the_feasible_region_and_hardly_beyond() -> None:
    history = run(22, 0.4)
    late = [result.metrics["excess"] for result in history.results[8:]]
    assert sum(excess <= 0.05 for excess in late) > 0.8 * len(late)
    assert history.best().loss == pytest.approx(-0.8, abs=0.01)
    assert min(result.loss for result in history.results) < -0.9, "the best of all is not feasible"


def test_where_nothing_feasible_is_known_it_looks_for_it() -> None:
    """A corner of 0.2 % of the space."""
    found = [run(20, 0.03, seed).best() is not None for seed in range(3)]
    assert all(found)


@pytest.mark.parametrize("feasible", [0, 5])
def test_the_probability_and_its_gradient(feasible: int) -> None:
    history, generator = History(PROBLEM), np.random.default_rng(1)
    for index in range(20):
        config = SPACE.sample(generator)
        trial = begin(history, config)
        excess = math.sin(5 * config["x"]) + config["y"] ** 2 + 0.3 * generator.normal()
        excess = -abs(excess) if index < feasible else abs(excess)
        history.report(trial.trial_id, {"loss": -config["x"] + generator.normal(), "excess": excess}, at=0.0)
    target = Target(None, 0, 0.0, np.zeros((1, 2)))
    if feasible:
        surrogate = BayesOptConstrained(Context(PROBLEM, 0), BayesOptOptions())._make_proposer()._surrogate
        for trial in history.trials.values():
            history.end(trial.trial_id, Status.COMPLETED)
        surrogate.observations.update(history)
        target = surrogate.target(history, lambda counts: 0, bool)
    acquisition = Feasibility(Context(PROBLEM, 0)).weigh(target, history, bool)
    if feasible:
        at = acquisition.target.chain.predict(acquisition.incumbents, 0)
        assert at.mean[0] == pytest.approx(acquisition.target.best) and at.var[0] < 1e-9, "known best: no gain there"
    for x in np.random.default_rng(5).random((5, 2)):
        value, gradient = acquisition.value_and_gradient(x[None])
        assert value == acquisition.value(x[None])
        numeric = slopes(lambda row: acquisition.value(row[None])[0], x)
        np.testing.assert_allclose(gradient[0], numeric, rtol=1e-4, atol=1e-4)


def test_ask_and_tell_under_a_constraint() -> None:
    loop = AskTell({"x": uniform(0, 1)}, searcher="bayesopt_constrained", constraint="excess")
    for _ in range(12):
        asked = loop.ask()
        x = asked.config["x"]
        loop.tell(asked, {"loss": -x, "excess": x - 0.7})
    assert 0.65 < loop.best()[0]["x"] <= 0.7
    with pytest.raises(UsageError, match="needs a benchmark that reports a constraint"):
        AskTell({"x": uniform(0, 1)}, searcher="bayesopt_constrained")


def test_improvement_at_a_rung_is_still_predicted_for_that_rung() -> None:
    problem = Problem(SPACE, "loss", constraint_attr="excess", resource_attr="epoch", max_resource=9)
    context = Context(problem, 0, levels=(1, 3))
    history, generator = History(problem), np.random.default_rng(1)
    for _ in range(12):
        config = SPACE.sample(generator)
        trial = begin(history, config)
        for epoch in (1, 3):
            report = {"loss": (config["x"] - 0.3) ** 2 - epoch, "excess": config["y"] - 0.8, "epoch": epoch}
            history.report(trial.trial_id, report, at=0.0)
        history.end(trial.trial_id, Status.STOPPED)
    it = BayesOptConstrained(context, BayesOptOptions())
    assert it.suggest(history, trial_id=12, resource=1) is not None
    target = it._proposer._surrogate.target(history, lambda losses: 1, bool)
    acquisition = Feasibility(context).weigh(target, history, bool)
    x = generator.random((3, 2))
    assert acquisition.target.chain.predict(x, 1).mean == pytest.approx(target.chain.predict(x, 1).mean)
