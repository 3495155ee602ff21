"""Which reports of a leg that runs again count, and how often it runs again."""

from __future__ import annotations

from harness.core.events import Exited
from harness.core.failures import Failure
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.space import Space
from harness.tuner.recovery import RETRIES, Recovery, Verdict


def running():
    """A trial under way, and what judges it."""
    history = History(Problem(Space({}), "loss", resource_attr="epoch"))
    return history, history.start({}, until=None, bracket=0, milestone=None), Recovery(history)


def report(history, trial, level):
    history.report(trial.trial_id, {"loss": 0.1, "epoch": level}, float(level))


def killed(trial):
    return Exited(trial.trial_id, trial.leg, 1.0, -9, "", Failure.INFRASTRUCTURE)


def test_each_gap_makes_a_trial_start_from_nothing_but_not_for_ever():
    history, trial, recovery = running()
    report(history, trial, 1)
    for reached in (1, 2):
        recovery.suspect(trial)
        gap = {"loss": 0.1, "epoch": reached + 2}
        assert recovery.judge(trial, gap) is Verdict.GAP
        assert recovery.judge(trial, {"loss": 0.1, "epoch": reached}) is Verdict.REPEAT
        assert recovery.judge(trial, {"loss": 0.1, "epoch": reached + 1}) is Verdict.NEW
        report(history, trial, reached + 1)
    recovery.suspect(trial)
    assert recovery.judge(trial, {"loss": 0.1, "epoch": 9}) is Verdict.GAP
    assert recovery.judge(trial, {"loss": 0.1, "epoch": 9}) is Verdict.NEW, "the script leaves levels out"


def test_a_trial_that_gets_further_has_all_its_tries_again():
    history, trial, recovery = running()
    for level in range(1, 2 * RETRIES):
        report(history, trial, level)
        assert recovery.may_retry(trial, killed(trial))
    assert [recovery.may_retry(trial, killed(trial)) for _ in range(RETRIES)] == [True] * (RETRIES - 1) + [False]
