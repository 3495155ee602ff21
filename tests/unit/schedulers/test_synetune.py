"""Syne Tune's decisions come from Syne Tune; what we promise around them is seen here and in the contracts."""

from __future__ import annotations

import math

import numpy as np

from harness.core.decisions import Action
from harness.core.history import History
from harness.schedulers.external_asha import ExternalAshaOptions
from harness.schedulers.synetune import SyneTuneAsha
from tests.fakes.play import PROBLEM, SPACE, context_of

ON, STOP = Action.CONTINUE, Action.STOP


def judged(values, options=None):
    """Its answers to one first report of each trial."""
    scheduler, history = SyneTuneAsha(context_of(PROBLEM), options or ExternalAshaOptions()), History(PROBLEM)
    answers = []
    for trial_id, value in enumerate(values):
        trial = history.start(SPACE.midpoint(), until=None, bracket=0, milestone=None)
        result = history.report(trial_id, {"acc": value, "epoch": 1, "excess": 0.0}, float(trial_id))
        answers.append(scheduler.judge(history, trial, result).action)
    return answers


def test_it_stops_what_is_not_in_the_best_third():
    # By its rank from 0: second of three is 1/3, still in; third of five is not.
    assert judged([0.1, 0.9, 0.6, 0.75, 0.65]) == [ON, ON, ON, ON, STOP]


def test_what_is_no_number_ranks_last_and_upsets_no_order():
    # Equal values share the best of their ranks, which is 1/3 for the second one that is no number.
    values = [math.nan, 0.5, math.nan, 0.7, 0.4, 0.6, math.nan]
    assert judged(values) == [ON, ON, ON, ON, STOP, ON, STOP]


def test_numpys_global_generator_is_left_as_it_was():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    many = ExternalAshaOptions(brackets=3)
    values = [0.9 - 0.01 * index for index in range(30)]
    assert judged(values, many) == judged(values, many) != judged(values)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
