"""Spaces and trials of Syne Tune, in either of its lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, lograndint, loguniform, uniform

_NOW = datetime.now()


def config_space(space: Any) -> dict[str, Any]:
    makers = {"float": uniform, "log": loguniform, "logint": lograndint, "cat": choice}
    return {name: makers[spec[0]](*spec[1:]) for name, spec in space.items()}


def new_trial(trial_id: int, config: dict[str, Any]) -> Trial:
    return Trial(trial_id=trial_id, config=config, creation_time=_NOW)
