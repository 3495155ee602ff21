"""Steps of a trial from events as they are written."""

import pytest

from harness.errors import UsageError
from harness.results.explain import explain


def event(kind, trial_id=0, at=0.0, **facts):
    return {"event": kind, "trial_id": trial_id, "leg": 0, "at": at, **facts}


def grounds(rank, count, places, **more):
    return {"level": 1, "value": 0.5, "rank": rank, "count": count, "places": places, **more}


def test_reports_without_a_decision_and_ends_that_carry_one_out_are_left_out():
    events = [
        event("started"),
        event("reported", metrics={}, decision="CONTINUE"),
        event("retried", at=1.0, reason="the machine went away", exit_code=-9),
        event("reported", at=2.0, metrics={}, decision="STOP", reason="worse", grounds=grounds(3, 3, 1, cutoff=0.4)),
        event("ended", at=2.0, status="Stopped", reason="worse"),
        event("started", 1, at=3.0),
        event("ended", 1, at=4.0, status="Failed", reason="exit code 1", exit_code=1),
    ]
    assert [(step.at, step.what, step.reason) for step in explain(events, 0)] == [
        (0.0, "started", ""),
        (1.0, "retried", "the machine went away"),
        (2.0, "stopped", "worse"),
    ]
    assert [step.what for step in explain(events, 1)] == ["started", "failed"]


def test_a_pause_for_good_is_told_of_the_last_comparison_of_its_own_rung():
    pause = event("reported", at=1.0, decision="PAUSE", reason="waits", grounds=grounds(1, 1, 0, bracket=2))
    others = [
        event("reported", 1, decision="PAUSE", reason="waits", grounds=grounds(2, 3, 1, bracket=2, cutoff=0.6)),
        event("reported", 2, decision="PAUSE", reason="waits", grounds=grounds(4, 9, 3, bracket=5, cutoff=0.9)),
        event("reported", 3, decision="PAUSE", reason="waits", grounds={**grounds(1, 4, 1), "level": 3}),
    ]
    events = [event("started"), pause, event("ended", at=1.0, status="Paused", reason="waits"), *others]
    assert explain(events, 0)[-1].later == others[0]["grounds"]
    assert explain(events[:2], 0)[-1].later == {}
    resumed = event("resumed", at=2.0, reason="good", grounds=grounds(1, 3, 1, bracket=2))
    assert [step.later for step in explain([*events, resumed], 0)] == [{}, {}, {}]


def test_an_experiment_without_trials_says_so():
    with pytest.raises(UsageError, match="no trial 0; the experiment started no trial"):
        explain([], 0)
