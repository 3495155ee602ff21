"""Ray's decisions come from Ray; what we promise around them is seen here and in the contracts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from harness.core.decisions import Action
from harness.errors import EnvironmentFault
from harness.registry import required
from harness.schedulers.external_asha import ExternalAshaOptions
from harness.schedulers.raytune import RayHyperband
from tests.fakes.play import PROBLEM, context_of, first_answers


def judged(values, options=None):
    return first_answers(RayHyperband(context_of(PROBLEM), options or ExternalAshaOptions()), values)


def test_it_stops_what_is_below_its_percentile():
    # Ray's cut is numpy's percentile of what was there before: 2/3 of the way from 0.1 to 0.9.
    assert judged([0.1, 0.9, 0.6, 0.75]) == [Action.CONTINUE, Action.CONTINUE, Action.STOP, Action.CONTINUE]


def test_numpys_global_generator_is_left_as_it_was():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    many = ExternalAshaOptions(brackets=3)
    values = [0.9 - 0.01 * index for index in range(30)]
    assert judged(values, many) == judged(values, many) != judged(values)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_no_ray_process_is_started():
    code = """
import psutil, sys
from tests.unit.schedulers.test_raytune import judged
judged([0.1, 0.9, 0.6])
import ray
sys.exit(ray.is_initialized() or bool(psutil.Process().children(recursive=True)))
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_names_its_extra():
    with pytest.raises(EnvironmentFault, match="`no_such_package` is not installed") as fault:
        required("no_such_package.part", "ray")
    assert fault.value.hint == "pip install 'hpo-harness[ray]'"
