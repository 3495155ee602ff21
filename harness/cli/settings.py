"""Every setting as a flag, for the commands that take settings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from harness.manifest.flags import SettingsFormatter, add_aliases, add_flags
from harness.options import Options
from harness.plan.experiment import ALIASES, ExperimentOptions, SweepOptions
from harness.plan.resolve import KINDS, benchmark_defaults, table


def add_setting_flags(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """Flags of all plug-ins. Help shows those of the parts that `argv` chooses, with the benchmark's defaults.

    Flags of other parts are accepted too: whether they fit is decided with the whole sweep at hand, where the message
    can say whose they are.
    """
    chosen = _chosen(argv)
    defaults = _defaults(chosen)
    names = {setting: list(table(setting)) for setting in KINDS}
    add_flags(parser, "experiment", ExperimentOptions, defaults, values=names)
    add_flags(parser, "sweep", SweepOptions)
    add_aliases(parser, ALIASES)
    seen = {*ExperimentOptions.model_fields, *SweepOptions.model_fields}
    for setting, kind in KINDS.items():
        entries = sorted(table(setting).items(), key=lambda entry: entry[0] not in chosen[setting])
        for name, plugin in entries:
            own = _without(plugin.load_options(), seen)
            shown = name in chosen[setting]
            add_flags(parser, f"{kind} {name}", own, defaults, hidden=not shown)
            seen |= set(own.model_fields)
    parser.formatter_class = SettingsFormatter
    parser.usage = f"{parser.prog} [options]"
    parser.epilog = "Where the help shows several values for an argument, a list of them makes a sweep."
    parser.set_defaults(given={})


def _chosen(argv: Sequence[str]) -> dict[str, list[str]]:
    """The plug-in names that a command line mentions, by setting; the defaults where it does not."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for setting in KINDS:
        first.add_argument(f"--{setting}", nargs="*", default=[ExperimentOptions.model_fields[setting].default])
    return vars(first.parse_known_args(list(argv))[0])


def _defaults(chosen: dict[str, list[str]]) -> dict[str, Any]:
    plugin = table("benchmark_name").get(chosen["benchmark_name"][0]) if chosen["benchmark_name"] else None
    return dict(benchmark_defaults(plugin)) if plugin else {}


def _without(model: type[Options], names: set[str]) -> type[Options]:
    """The model less the arguments that another part has declared already."""
    kept = {name: (field.annotation, field) for name, field in model.model_fields.items() if name not in names}
    if len(kept) == len(model.model_fields):
        return model
    from pydantic import create_model

    return create_model(model.__name__, __base__=Options, **kept)  # type: ignore[call-overload, no-any-return]
