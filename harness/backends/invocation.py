"""How a training script is called: its arguments and its environment."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.benchmark import Calling
from harness.core.problem import Problem
from harness.core.trial import Trial
from harness.jobdir import TrialDir, replacing

REPOSITORY = Path(__file__).resolve().parents[2]
# What argparse takes for a value although it starts with a dash; "-1e-05" is not among it.
_PLAIN_NEGATIVE = re.compile(r"-\d+|-\d*\.\d+")


def leg_config(problem: Problem, trial: Trial, until: int | None) -> dict[str, Any]:
    """All that the script is told: constants, hyper-parameters, and how far this leg goes."""
    config = {**problem.space.constants, **trial.config}
    if problem.max_resource_attr is not None and until is not None:
        config[problem.max_resource_attr] = until
    return config


def script_command(
    calling: Calling, script: Path, values: Mapping[str, Any], trial: Trial, folder: TrialDir
) -> list[str]:
    """The command of one leg. OSError where the script's configuration file cannot be written.

    Args:
        values: hyper-parameters, constants and folders of data sets.
    """
    if calling.checkpoint_arg is not None:
        values = {**values, calling.checkpoint_arg: folder.checkpoints}
    if calling.config_option is not None:
        file = folder.path / f"script{calling.config_suffix}"
        with replacing(file) as out:
            out.write(f"{_plain_text(_nested(values))}\n".encode())
        values = {calling.config_option: file}
    command = [sys.executable, str(script), *script_arguments(values)]
    if calling.metrics is None:
        return command
    known = max((result.resource or 0 for result in trial.results), default=0)
    return [sys.executable, "-P", "-m", "harness.relay", json.dumps({**calling.metrics, "known": known}), *command]


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """`optimizer.lr` becomes `lr` within `optimizer`."""
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *groups, leaf = name.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[leaf] = value
    return tree


def _plain_text(value: Any) -> str:
    """JSON that readers of YAML 1.1 take alike: to them 1e-05 is text, 1.0e-05 a number."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {_plain_text(item)}" for name, item in value.items()) + "}"
    text = json.dumps(value, default=str)
    return re.sub(r"^(-?\d+)e", r"\1.0e", text) if isinstance(value, float) else text


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
    """`inherited` and over it `own`; the reporter importable."""
    environment = {**inherited, **own}
    paths = [str(REPOSITORY), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    # Output of a trial that is killed or crashes must not be lost in its buffer.
    environment.setdefault("PYTHONUNBUFFERED", "1")
    return environment
