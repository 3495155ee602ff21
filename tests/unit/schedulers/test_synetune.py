"""Syne Tune's decisions come from Syne Tune; what we promise around them is seen here and in the contracts."""

from __future__ import annotations

import math

import numpy as np

from harness.core.decisions import Action
from harness.schedulers.external_asha import ExternalAshaOptions
from harness.schedulers.synetune import SyneTuneAsha
from tests.fakes.play import PROBLEM, context_of, first_answers

ON, STOP = Action.CONTINUE, Action.STOP


def judged(values, options=None):
    return first_answers(SyneTuneAsha(context_of(PROBLEM), options or ExternalAshaOptions()), values)


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
