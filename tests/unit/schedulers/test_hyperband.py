import math

import pytest

from harness.core.decisions import Action, Decision
from harness.core.history import History
from harness.core.problem import Problem
from harness.errors import UsageError
from harness.options import validate
from harness.schedulers.brackets import Brackets
from harness.schedulers.hyperband import HyperbandOptions, HyperbandStopping
from harness.schedulers.rungs import Rung
from tests.fakes.play import SPACE, context_of

PROBLEM = Problem(SPACE, "acc", "max", "epoch", max_resource=9)


def judged(losses: list[float], **options) -> list[Decision]:
    """Decisions at epoch 1 for one trial after the other."""
    scheduler, history = HyperbandStopping(context_of(PROBLEM), HyperbandOptions(**options)), History(PROBLEM)
    decisions = []
    for loss in losses:
        start = scheduler.next(history)
        trial = history.start(SPACE.midpoint(), until=start.until, bracket=start.bracket, milestone=start.milestone)
        result = history.report(trial.trial_id, {"acc": -loss, "epoch": 1}, at=0.0)
        decisions.append(scheduler.judge(history, trial, result))
    return decisions


def test_the_first_three_go_on_then_the_best_third() -> None:
    decisions = judged([0.5, 0.3, 0.4, 0.2, 0.6])
    assert [decision.action for decision in decisions] == [Action.CONTINUE] * 2 + [
        Action.STOP,
        Action.CONTINUE,
        Action.STOP,
    ]
    assert decisions[3].milestone == 3
    assert decisions[2].reason == "epoch 1: -0.4 is worse than -0.3667, the best 33% of 3"


def test_reduction_factor_is_not_rounded() -> None:
    problem = Problem(SPACE, "acc", "max", "epoch", max_resource=81)
    assert HyperbandStopping.levels(HyperbandOptions(reduction_factor=2.5), problem) == (1, 2, 6, 16, 39)


def test_explicit_levels_override_and_set_the_share_that_goes_on() -> None:
    options = HyperbandOptions(rung_levels="9, 1 2", grace_period=5)
    assert options.rung_levels == "1 2 9"
    assert HyperbandStopping.levels(options, PROBLEM) == (1, 2)
    assert judged([0.5, 0.4], rung_levels="1 2")[1].action is Action.CONTINUE
    assert judged([0.5, 0.6], rung_levels="1 2")[1].action is Action.STOP


@pytest.mark.parametrize("text", ["", "1 x", "0 3", "3 3", "1.5"])
def test_bad_levels_are_named(text: str) -> None:
    options, faults = validate(HyperbandOptions, {"rung_levels": text})
    assert options is None and faults == [
        f'rung_levels = {text!r}: expected different whole numbers from 1 up, like "1 3 9"'
    ]


@pytest.mark.parametrize(
    ("options", "problem", "text"),
    [
        ({"grace_period": 10}, PROBLEM, "grace_period 10 is above the maximum resource level 9"),
        ({"rung_levels": "1 10"}, PROBLEM, "rung level 10 is above the maximum resource level 9"),
        ({}, Problem(SPACE, "acc"), "needs a benchmark that reports a resource"),
    ],
)
def test_levels_out_of_reach_are_a_usage_error(options: dict, problem: Problem, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        HyperbandStopping.levels(HyperbandOptions(**options), problem)


def test_a_report_that_skips_rungs_counts_for_the_highest() -> None:
    scheduler, history = HyperbandStopping(context_of(PROBLEM), HyperbandOptions()), History(PROBLEM)
    for epoch in (4, 1):
        trial = history.start(SPACE.midpoint(), until=None, bracket=0, milestone=1)
        decision = scheduler.judge(history, trial, history.report(trial.trial_id, {"acc": 0.5, "epoch": epoch}, 0.0))
        assert "(1)" in decision.reason  # the only value at its rung
        assert decision.milestone == {4: 9, 1: 3}[epoch]


def test_brackets_leave_out_the_lowest_rungs_and_share_nothing() -> None:
    rungs = (Rung(1, 1 / 3), Rung(3, 1 / 3))
    brackets = Brackets(rungs, 7, 9)
    assert brackets.rungs == [rungs, rungs[1:], ()]
    assert [brackets.first(bracket) for bracket in range(3)] == [1, 3, 9]
    history = History(PROBLEM)
    for bracket in (0, 1):
        trial = history.start(SPACE.midpoint(), until=None, bracket=bracket, milestone=3)
        history.report(trial.trial_id, {"acc": 0.5, "epoch": 3}, at=0.0)
    brackets.read(history)
    assert [[entry.trial_id for entry in brackets.records(bracket, 3).entries] for bracket in (0, 1)] == [[0], [1]]


def test_brackets_are_drawn_as_often_as_hyperband_fills_them() -> None:
    """R = 9, η = 3: brackets of 9, 5 and 3 trials (arXiv:1603.06560, Algorithm 1)."""
    brackets = Brackets((Rung(1, 1 / 3), Rung(3, 1 / 3)), 3, 9)
    drawn = [brackets.draw(0, trial_id) for trial_id in range(3400)]
    for bracket, slots in enumerate((9, 5, 3)):
        assert abs(drawn.count(bracket) - 200 * slots) < 120


def test_trials_of_all_brackets_compete_where_they_share_the_rungs() -> None:
    rungs = (Rung(1, 1 / 3), Rung(3, 1 / 3))
    brackets, history = Brackets(rungs, 2, 9, shared=True), History(PROBLEM)
    for bracket in (0, 1):
        trial = history.start(SPACE.midpoint(), until=None, bracket=bracket, milestone=3)
        history.report(trial.trial_id, {"acc": 0.5, "epoch": 3}, at=0.0)
    brackets.read(history)
    assert brackets.first(1) == 3
    assert [entry.trial_id for entry in brackets.records(1, 3).entries] == [0, 1]


def test_the_two_spellings_of_rung_systems_exclude_each_other() -> None:
    assert validate(HyperbandOptions, {"rung_system_per_bracket": True})[1] == []
    both = {"rung_system_per_bracket": True, "no_rung_system_per_bracket": True}
    assert "exclude each other" in validate(HyperbandOptions, both)[1][0]


def test_grounds_tell_what_the_words_do() -> None:
    grounds = judged([0.5, 0.3, 0.4, 0.2, math.nan])
    assert vars(grounds[1].grounds) == {
        **{"level": 1, "value": -0.3, "rank": 1, "count": 2, "places": 0, "cutoff": None, "bracket": None}
    }
    stopped = grounds[2].grounds
    assert (stopped.rank, stopped.count, stopped.places) == (2, 3, 1)
    assert stopped.cutoff == pytest.approx(-0.3667, abs=1e-4)
    assert (grounds[4].grounds.value, grounds[4].grounds.rank) == (None, 5)
