import math

import numpy as np
import pytest

from harness.core.history import History
from harness.core.problem import Problem
from harness.errors import UsageError
from harness.schedulers.mo_asha import MoAsha, MoAshaOptions
from harness.schedulers.pareto import Ranking, epsilon_net
from tests.fakes.play import SPACE, context_of

PROBLEM = Problem(
    SPACE, "acc", "max", "epoch", max_resource=9, elapsed_time_attr="s", metrics={"acc": "max", "mb": "min"}
)


def places(rows: list[list[float]]) -> list[tuple[int, int]]:
    ranking = Ranking(len(rows[0]))
    for row in rows:
        ranking.add(row)
    return [ranking.place(row) for row in range(len(rows))]


def test_fronts_come_one_after_the_other_and_are_spread_out_within() -> None:
    rows = [[1.0, 4.0], [1.1, 3.9], [4.0, 1.0], [2.0, 2.0], [2.0, 5.0], [math.nan, 0.0]]
    assert places(rows) == [(1, 1), (1, 4), (1, 2), (1, 3), (2, 5), (3, 6)]


def test_a_new_row_pushes_whole_chains_of_fronts_down() -> None:
    rows = [[float(value), 0.0] for value in range(5, 45)]
    assert places([*rows, [0.0, 0.0]]) == [*((front, front) for front in range(2, 42)), (1, 1)]


def test_equal_rows_come_in_order_and_scales_do_not_matter() -> None:
    rows = np.array([[1.0, 1.0]] * 4)
    assert epsilon_net(rows) == [0, 1, 2, 3]
    front = np.array([[0.0, 3.0], [1.0, 2.0], [3.0, 0.0]])
    assert epsilon_net(front) == epsilon_net(front * [1.0, 1e6]) == [0, 2, 1]


def test_equal_rows_share_the_rank_of_the_first() -> None:
    assert places([[1.0, 1.0]] * 4) == [(1, 1)] * 4
    assert places([[0.0, 3.0], [3.0, 0.0], [0.0, 3.0], [2.0, 2.0]]) == [(1, 1), (1, 2), (1, 1), (1, 3)]


def test_objectives_are_those_of_the_benchmark_or_chosen() -> None:
    assert MoAsha.objectives(MoAshaOptions(), PROBLEM) == {"acc": "max", "mb": "min"}
    assert MoAsha.objectives(MoAshaOptions(objectives="mb, s"), PROBLEM) == {"mb": "min", "s": "min"}
    single = Problem(SPACE, "acc", "max", "epoch", max_resource=9, elapsed_time_attr="s")
    assert MoAsha.objectives(MoAshaOptions(), single) == {"acc": "max", "s": "min"}


@pytest.mark.parametrize(
    ("objectives", "problem", "text"),
    [
        ("acc mbs", PROBLEM, r"unknown 'mbs' \(did you mean 'mb'\?\); the benchmark has acc, mb, s"),
        ("acc", PROBLEM, "needs two or more; the benchmark has acc, mb, s"),
        (None, Problem(SPACE, "acc", "max", "epoch", max_resource=9), "needs two or more; the benchmark has acc"),
    ],
)
def test_too_few_or_unknown_objectives_are_a_usage_error(objectives, problem, text) -> None:
    with pytest.raises(UsageError, match=text):
        MoAsha.levels(MoAshaOptions(objectives=objectives), problem)


def test_what_is_best_in_one_objective_goes_on_and_the_words_say_where_it_stands() -> None:
    scheduler, history = MoAsha(context_of(PROBLEM), MoAshaOptions()), History(PROBLEM)
    decisions = []
    for acc, size in [(0.9, 90.0), (0.8, 80.0), (0.7, 70.0), (0.6, 75.0), (0.1, 1.0), (0.95, 95.0)]:
        trial = history.start(SPACE.midpoint(), until=None, bracket=0, milestone=1)
        result = history.report(trial.trial_id, {"acc": acc, "mb": size, "epoch": 1, "s": 1.0}, at=0.0)
        decisions.append(scheduler.judge(history, trial, result))
    assert [str(decision.action) for decision in decisions] == ["CONTINUE"] * 2 + ["STOP"] * 2 + ["CONTINUE"] * 2
    assert decisions[3].reason == "epoch 1: front 2, rank 4 of 4, the best 2 go on"


def test_a_report_without_one_of_the_metrics_is_none() -> None:
    history = History(PROBLEM)
    trial = history.start(SPACE.midpoint(), until=None, bracket=0, milestone=1)
    with pytest.raises(KeyError, match="without a number for the metric 'mb'"):
        history.report(trial.trial_id, {"acc": 0.5, "epoch": 1}, at=0.0)
