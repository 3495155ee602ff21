import math

import pytest

from harness.core.decisions import Resume, Start
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.trial import Status
from harness.errors import UsageError
from harness.schedulers.cost_promotion import CostPromotion
from harness.schedulers.hyperband import HyperbandOptions
from tests.fakes.play import SPACE, context_of

PROBLEM = Problem(SPACE, "loss", "min", "epoch", max_resource=9, elapsed_time_attr="s")


def after(rows: list[tuple[float, float]], problem: Problem = PROBLEM, **more) -> Start | Resume:
    """Answer to a free worker once trials of these (losses, costs) wait at epoch 1."""
    scheduler, history = CostPromotion(context_of(problem), HyperbandOptions()), History(problem)
    for loss, cost in rows:
        trial = history.start(SPACE.midpoint(), until=1, bracket=0, milestone=1)
        report = {"loss": loss, "epoch": 1, "s": cost, **more}
        scheduler.judge(history, trial, history.report(trial.trial_id, report, at=0.0))
        history.end(trial.trial_id, Status.PAUSED)
    return scheduler.next(history)


def test_the_best_goes_on_once_it_took_a_third_of_all_cost() -> None:
    assert isinstance(after([(0.5, 10.0), (0.4, 10.0)]), Start)
    assert after([(0.5, 10.0), (0.4, 10.0), (0.6, 10.0)]).trial_id == 1
    dear = [(0.5, 10.0), (0.4, 30.0), (0.6, 10.0)]
    assert isinstance(after(dear), Start), "30 of 50"
    resume = after([*dear, (0.7, 40.0)])
    assert (resume.trial_id, resume.until) == (1, 3)
    assert resume.reason == "epoch 1: 0.4, 30 with all better ones is within 33% of all cost there, 30"
    assert (resume.grounds.rank, resume.grounds.count, resume.grounds.places) == (1, 4, 1)


def test_two_cheap_trials_are_enough_where_the_third_was_dear() -> None:
    assert after([(0.1, 1.0), (0.9, 5.0)]).trial_id == 0, "fewer than the reduction factor"


def test_cost_attr_comes_before_elapsed_time() -> None:
    problem = Problem(SPACE, "loss", "min", "epoch", max_resource=9, elapsed_time_attr="s", cost_attr="usd")
    assert isinstance(after([(0.1, 1.0), (0.9, 5.0)], problem, usd=1.0), Start)


@pytest.mark.parametrize("cost", [math.nan, math.inf, -5.0])
def test_a_cost_that_is_none_counts_as_nothing(cost: float) -> None:
    assert after([(0.1, cost), (0.9, 5.0)]).trial_id == 0


def test_a_benchmark_that_tells_no_cost_is_refused() -> None:
    with pytest.raises(UsageError, match="cost_attr or elapsed_time_attr"):
        CostPromotion.levels(HyperbandOptions(), Problem(SPACE, "loss", resource_attr="epoch", max_resource=9))
