"""When an experiment is over, and when its trials are worthless."""

import math

import pytest

from harness.core.domains import uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Status
from harness.tuner.stopping import HOPELESS_TRIALS, StoppingCriterion

PROBLEM = Problem(Space({"x": uniform(0, 1)}), "loss", constraint_attr="excess")


def ended(loss: float, excess: float) -> History:
    history = History(PROBLEM)
    for _ in range(HOPELESS_TRIALS):
        trial = history.start({"x": 0.5}, until=None, bracket=0, milestone=None)
        history.report(trial.trial_id, {"loss": loss, "excess": excess}, 0.0)
        history.end(trial.trial_id, Status.COMPLETED)
    return history


@pytest.mark.parametrize(("loss", "excess", "over"), [(0.5, 1.0, False), (math.nan, 0.0, True), (math.nan, 1.0, True)])
def test_trials_without_a_finite_loss_end_it_but_not_infeasible_ones(loss: float, excess: float, over: bool) -> None:
    history = ended(loss, excess)
    assert history.best() is None
    assert (StoppingCriterion().reached(history, 0.0) is not None) is over
    assert StoppingCriterion().failed(history) is over
