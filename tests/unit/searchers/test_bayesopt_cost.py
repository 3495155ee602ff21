"""Improvement per unit of cost."""

import math

import numpy as np
import pytest

from harness.core.domains import uniform
from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Space
from harness.core.trial import Status
from harness.errors import UsageError
from harness.plan.resolve import check_needs
from harness.plugins import SEARCHERS
from harness.searchers.bayesopt_cost import BayesOptCostCoarse, BayesOptCostFine, BayesOptCostOptions
from harness.searchers.cost_models import LinearCost, TotalCost, coefficients, fit_line
from harness.searchers.surrogate import Target
from tests.unit.gp.data import slopes
from tests.unit.searchers.experiments import begin

SPACE = Space({"x": uniform(0, 1), "y": uniform(0, 1)})
SINGLE = Problem(SPACE, "loss", elapsed_time_attr="seconds")
CURVES = Problem(SPACE, "loss", resource_attr="epoch", max_resource=9, cost_attr="price", elapsed_time_attr="seconds")


def loss(config: dict) -> float:
    """The same on both sides of x = 0.5."""
    return math.cos(9 * abs(config["x"] - 0.5)) + math.sin(5 * config["y"] + 3 * abs(config["x"] - 0.5))


def run_whole(history: History, config: dict) -> None:
    """A trial that reports at the end only; costs grow 50-fold with x."""
    trial = begin(history, config)
    history.report(trial.trial_id, {"loss": loss(config), "seconds": 50 ** config["x"]}, at=float(len(history.results)))
    history.end(trial.trial_id, Status.COMPLETED)


def run_curve(history: History, config: dict, until: int = 9) -> None:
    trial = begin(history, config)
    for epoch in range(1, until + 1):
        metrics = {"loss": loss(config) + 1 / epoch, "epoch": epoch, "price": 2.0 + epoch * 50 ** config["x"]}
        history.report(trial.trial_id, {**metrics, "seconds": 1.0}, at=float(len(history.results)))
    history.end(trial.trial_id, Status.COMPLETED if until == 9 else Status.STOPPED)


@pytest.mark.parametrize(
    ("kind", "problem", "run", "levels"),
    [
        (BayesOptCostCoarse, SINGLE, run_whole, ()),
        (BayesOptCostFine, CURVES, run_curve, ()),
        (BayesOptCostFine, CURVES, run_curve, (1, 3)),
    ],
)
def test_of_equally_promising_places_it_takes_the_cheap_one(kind, problem, run, levels) -> None:
    """Data are mirrored at x = 0.5, so that nothing but the cost tells the sides apart."""

    def cheap(exponent: float) -> int:
        count = 0
        for seed in range(6):
            history, generator = History(problem), np.random.default_rng(seed)
            for config in [SPACE.sample(generator) for _ in range(5)]:
                run(history, config)
                run(history, {**config, "x": 1.0 - config["x"]})
            it = kind(Context(problem, seed, 1, levels), BayesOptCostOptions(searcher_exponent_cost=exponent))
            count += it.suggest(history, trial_id=10, resource=None)["x"] < 0.5
        return count

    assert cheap(exponent=1.0) == 6 > cheap(exponent=0.0)


def history_of(problem: Problem, run) -> History:
    history, generator = History(problem), np.random.default_rng(3)
    for _ in range(25):
        run(history, SPACE.sample(generator))
    return history


@pytest.mark.parametrize(("model", "problem", "run"), [(TotalCost, SINGLE, run_whole), (LinearCost, CURVES, run_curve)])
def test_the_predicted_cost_is_near_and_its_gradient_right(model, problem: Problem, run) -> None:
    history = history_of(problem, run)
    weigher = model(Context(problem, 0), 2.0)
    target = Target(None, 0, 0.0, np.zeros((1, 2)))
    factor = weigher.weigh(target, history, lambda: False).factor
    for x in np.random.default_rng(5).random((5, 2)):
        value, gradient = factor(x[None])
        true = 50 ** x[0] if model is TotalCost else 2 + 9 * 50 ** x[0]
        assert value[0] == pytest.approx(-2.0 * math.log(true), abs=0.3)
        numeric = slopes(lambda row: factor(row[None])[0][0], x, 1e-5)
        np.testing.assert_allclose(gradient[0], numeric, rtol=1e-4, atol=1e-5)


def test_a_line_is_read_from_reports_of_any_leg() -> None:
    history = History(CURVES)

    def line(*reports: tuple[int, int, float]):
        trial = begin(history, SPACE.midpoint())
        for leg, epoch, price in reports:
            trial.leg = leg
            history.report(trial.trial_id, {"loss": 0.0, "epoch": epoch, "price": price}, at=0.0)
        return fit_line(CURVES, trial)

    whole, resumed, single = (
        line((0, 1, 7.0), (0, 3, 11.0)),
        line((0, 2, 9.0), (1, 3, 2.0), (1, 5, 6.0)),
        line((0, 4, 29.0)),
    )
    assert (whole.start, whole.slope) == (5.0, 2.0)
    assert (resumed.start, resumed.slope) == (5.0, 2.0), "a resumed trial may count from 0 again"
    start, slope = coefficients([whole, resumed, single])
    np.testing.assert_allclose((start[2], slope[2]), (5.0, 6.0))
    assert line() is None and line((0, 1, math.nan)) is None


def test_trials_that_were_stopped_tell_of_the_cost_per_level() -> None:
    history, generator = History(CURVES), np.random.default_rng(0)
    for index in range(20):
        run_curve(history, SPACE.sample(generator), until=1 if index % 2 else 3)
    factor = LinearCost(Context(CURVES, 0), 1.0).weigh(Target(None, 0, 0.0, np.zeros((1, 2))), history, bool).factor
    points = Encoder(SPACE).encode_many([{"x": 0.2, "y": 0.5}, {"x": 0.8, "y": 0.5}])
    assert np.diff(-factor(points)[0])[0] == pytest.approx(np.log((2 + 9 * 50**0.8) / (2 + 9 * 50**0.2)), abs=0.3)


def test_a_benchmark_without_a_cost_is_refused() -> None:
    with pytest.raises(UsageError, match="searcher bayesopt_cost needs a benchmark that reports a cost"):
        check_needs("bayesopt_cost", SEARCHERS["bayesopt_cost"], Problem(SPACE, "loss", resource_attr="epoch"))
    with pytest.raises(UsageError, match="reports a resource"):
        check_needs("bayesopt_cost_fine", SEARCHERS["bayesopt_cost_fine"], SINGLE)
