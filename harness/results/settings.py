"""The settings of an experiment, taken back out of its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.options import arguments
from harness.plan.experiment import ExperimentOptions
from harness.plan.resolve import KINDS
from harness.plan.resolve import table as plugins


def settings_of(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The job's settings; {} where the metadata is not ours or names a part that this version does not have.

    Everything that an experiment is given stands in its metadata under its own name, `backend` excepted, which holds
    what Syne Tune's loaders want to see.
    """
    if "cli_backend" not in metadata or "random_seed" not in metadata:
        return {}
    own = {**metadata, "backend": metadata["cli_backend"]}
    names = [*ExperimentOptions.model_fields]
    for setting in KINDS:
        plugin = plugins(setting).get(str(own.get(setting)))
        if plugin is None:
            return {}
        names += plugin.load_options().model_fields
    return {name: own[name] for name in dict.fromkeys([*names, "random_seed"]) if name in own}


def launch_words(settings: Mapping[str, Any]) -> list[str]:
    """The settings as flags of the launcher."""
    flags = {name for name, argument in _every_argument(settings).items() if argument.flag}
    words: list[str] = []
    for name, value in settings.items():
        if name == "random_seed":  # follows from offset and run id
            continue
        if name in flags:
            words += [f"--{name}"] if value else []
        else:
            words += [f"--{name}", str(value)]
    return words


def _every_argument(settings: Mapping[str, Any]) -> dict[str, Any]:
    declared = dict(arguments(ExperimentOptions))
    for setting in KINDS:
        declared.update(arguments(plugins(setting)[str(settings[setting])].load_options()))
    return declared
