"""How a training script is called: its arguments and its environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.problem import Problem
from harness.core.trial import Trial

REPOSITORY = Path(__file__).resolve().parents[2]
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# What argparse takes for a value although it starts with a dash; "-1e-05" is not among it.
_PLAIN_NEGATIVE = re.compile(r"-\d+|-\d*\.\d+")


def leg_config(problem: Problem, trial: Trial, until: int | None) -> dict[str, Any]:
    """All that the script is told: constants, hyper-parameters, and how far this leg goes."""
    config = {**problem.space.constants, **trial.config}
    if problem.max_resource_attr is not None and until is not None:
        config[problem.max_resource_attr] = until
    return config


def script_arguments(values: Mapping[str, Any]) -> list[str]:
    """`--name value` for each; `--name=value` where the value itself would be read as the name of an option."""
    arguments: list[str] = []
    for name, value in values.items():
        text = str(value)
        if text.startswith("-") and not _PLAIN_NEGATIVE.fullmatch(text):
            arguments.append(f"--{name}={text}")
        else:
            arguments += [f"--{name}", text]
    return arguments


def script_environment(inherited: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """`inherited` and over it `own`; the reporter importable, one thread a trial unless either says otherwise."""
    environment = {**inherited, **own}
    paths = [str(REPOSITORY), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    # Output of a trial that is killed or crashes must not be lost in its buffer.
    environment.setdefault("PYTHONUNBUFFERED", "1")
    threads = environment.get("OMP_NUM_THREADS", "1")
    for name in _THREADS:
        environment.setdefault(name, threads)
    return environment
