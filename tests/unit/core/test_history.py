import math
import re

import pytest

from harness.core.domains import uniform
from harness.core.history import History, Pending
from harness.core.problem import MissingMetric, Problem
from harness.core.space import Space
from harness.core.trial import Status

PROBLEM = Problem(Space({"x": uniform(0, 1)}), "acc", "max", "epoch", max_resource=9)


def started(*configs: float) -> History:
    history = History(PROBLEM)
    for value in configs:
        history.start({"x": value}, until=None, bracket=0, milestone=1)
    return history


def test_trials_move_between_states() -> None:
    history = started(0.1, 0.2, 0.3)
    history.end(1, Status.PAUSED)
    history.end(0, Status.FAILED)
    assert [trial.trial_id for trial in history.running()] == [2]
    assert [trial.trial_id for trial in history.paused()] == [1]
    assert history.pending() == [Pending(2, {"x": 0.3}, 1)]
    trial = history.resume(1, until=3, milestone=3)
    assert (trial.leg, trial.until, trial.status) == (1, 3, Status.IN_PROGRESS)
    assert history.pending()[-1] == Pending(1, {"x": 0.2}, 3)
    assert (history.count(Status.FAILED), history.count(Status.IN_PROGRESS), history.count(Status.PAUSED)) == (1, 2, 0)


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.FAILED, Status.COMPLETED, Status.STOPPED])
def test_only_a_paused_trial_is_resumed(status: Status) -> None:
    history = started(0.1)
    if status is not Status.IN_PROGRESS:
        history.end(0, status)
    with pytest.raises(ValueError, match="only a paused trial"):
        history.resume(0, until=None, milestone=None)


def test_reports_are_losses_in_the_order_they_came() -> None:
    history = started(0.1, 0.2)
    for trial_id, epoch, value in [(0, 1, 0.5), (1, 1, 0.7), (0, 2, 0.7), (1, 2, math.nan), (1, 3, math.inf)]:
        history.report(trial_id, {"acc": value, "epoch": epoch}, at=float(epoch))
    assert [result.loss for result in history.results[:3]] == [-0.5, -0.7, -0.7]
    assert history.best() is history.results[1]  # the first of equals; NaN and infinities do not count
    assert history.trials[0].reached == 2 and history.trials[0].results == [history.results[0], history.results[2]]


def test_nothing_finite_has_no_best() -> None:
    history = started(0.1)
    history.report(0, {"acc": math.nan, "epoch": 1}, at=0.0)
    assert history.best() is None


@pytest.mark.parametrize(
    ("metrics", "text"),
    [
        ({"epoch": 1, "st_worker_time": 3}, r"metric 'acc' \(it held: epoch=1\)"),
        ({"acc": "0.5", "epoch": 1}, "metric 'acc'"),
        ({"acc": True, "epoch": 1}, "metric 'acc'"),
        ({"acc": 0.5}, "resource attribute 'epoch'"),
        ({}, "nothing"),
    ],
)
def test_an_incomplete_report_changes_nothing(metrics: dict, text: str) -> None:
    history = started(0.1)
    with pytest.raises(MissingMetric) as caught:
        history.report(0, metrics, at=0.0)
    assert re.search(text, str(caught.value))
    assert not history.results and not history.trials[0].results


@pytest.mark.parametrize(("mode", "loss"), [("min", 0.25), ("max", -0.25)])
def test_the_sign_is_flipped_there_and_back(mode, loss: float) -> None:
    problem = Problem(PROBLEM.space, "acc", mode)
    assert problem.loss({"acc": 0.25}) == loss and problem.value(loss) == 0.25
    assert problem.resource({"acc": 0.25}) is None
