"""One experiment's raw settings -> typed options of the parts it is made of, or every fault at once.

Precedence, here and nowhere else: command line > manifest > benchmark's default > plug-in's default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness import plugins
from harness.errors import UsageError
from harness.options import Options, arguments, validate
from harness.plan.experiment import ExperimentOptions, SweepOptions
from harness.plan.job import Settings
from harness.registry import Plugin, did_you_mean, load, lookup

KINDS = {"scheduler": "scheduler", "searcher": "searcher", "backend": "back-end", "benchmark_name": "benchmark"}
# Derived, not given: kept in a job's settings so that metadata hold it.
DERIVED = ("random_seed",)


def table(kind: str) -> Mapping[str, Plugin]:
    """The plug-ins that the setting `kind` (a key of KINDS) chooses from."""
    if kind == "benchmark_name":
        return plugins.benchmarks()
    return {"scheduler": plugins.SCHEDULERS, "searcher": plugins.SEARCHERS, "backend": plugins.BACKENDS}[kind]


def benchmark_defaults(plugin: Plugin) -> Mapping[str, Any]:
    """Defaults that a benchmark sets for arguments of other parts: `DEFAULTS` beside its definition."""
    module, _, _ = plugin.target.partition(":")
    defaults: Mapping[str, Any] = load(f"{module}:DEFAULTS")
    return defaults


@dataclass(frozen=True)
class Parts:
    """The typed options of one experiment."""

    experiment: ExperimentOptions
    scheduler: Options
    searcher: Options
    backend: Options
    benchmark: Options


def chosen(values: Mapping[str, Any]) -> tuple[dict[str, Plugin], list[str]]:
    """The plug-ins that the settings choose, and a line for each unknown name."""
    found, problems = {}, []
    for setting, kind in KINDS.items():
        name = values.get(setting, ExperimentOptions.model_fields[setting].default)
        try:
            found[setting] = lookup(kind, str(name), table(setting))
        except UsageError as error:
            problems += error.problems
    return found, problems


def models(found: Mapping[str, Plugin]) -> dict[str, type[Options]]:
    """Option models of an experiment, by field of `Parts`."""
    return {"experiment": ExperimentOptions} | {
        "benchmark" if setting == "benchmark_name" else setting: plugin.load_options()
        for setting, plugin in found.items()
    }


def build_parts(settings: Settings) -> Parts:
    """Parts of a job's settings (which are complete). UsageError lists the faults."""
    found, problems = chosen(settings)
    if problems:
        raise UsageError(problems)
    built = {}
    for part, model in models(found).items():
        own = {name: settings[name] for name in model.model_fields if name in settings}
        built[part], faults = validate(model, own)
        problems += faults
    if problems:
        raise UsageError(problems)
    return Parts(**built)  # type: ignore[arg-type]


def owners(name: str) -> list[str]:
    """Who declares the argument `name`, e.g. ["scheduler hyperband_stopping"]."""
    return [
        f"{KINDS[setting]} {plugin_name}"
        for setting in KINDS
        for plugin_name, plugin in table(setting).items()
        if name in plugin.load_options().model_fields
    ]


def unknown_setting(name: str) -> str:
    """What to say of a setting that the chosen parts do not own."""
    declared = owners(name)
    if declared:
        return f"'{name}' is not an argument of the chosen parts; it belongs to {' / '.join(declared)}"
    every = {*ExperimentOptions.model_fields, *SweepOptions.model_fields, *_every_plugin_argument()}
    return f"unknown setting '{name}'{did_you_mean(name, every)}"


def _every_plugin_argument() -> Iterator[str]:
    for setting in KINDS:
        for plugin in table(setting).values():
            yield from plugin.load_options().model_fields


@dataclass(frozen=True)
class Resolved:
    """An experiment without its run id and seed.

    Attributes:
        settings: flat scalars, defaults included.
        origins: setting -> origin.
        used: names of the raw settings that one of the parts owns.
        identity: JSON of what takes part in the job's id.
    """

    settings: dict[str, Any]
    origins: dict[str, str]
    used: frozenset[str]
    identity: str
    problems: list[str] = field(default_factory=list)


class Resolver:
    """Resolves many experiments of one sweep; what they share is validated once."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        self._origins = origins
        self._parts: dict[tuple[str, str], tuple[Options | None, list[str]]] = {}
        self._chosen: dict[tuple[str, ...], tuple[dict[str, Plugin], list[str]]] = {}

    def resolve(self, values: Mapping[str, Any]) -> Resolved:
        """`values`: scalars of one experiment, without run id and seed offset."""
        key = tuple(str(values.get(setting)) for setting in KINDS)
        if key not in self._chosen:
            self._chosen[key] = chosen(values)
        found, problems = self._chosen[key]
        if problems:
            return Resolved({}, {}, frozenset(), "", problems)
        defaults = benchmark_defaults(found["benchmark_name"])
        settings: dict[str, Any] = {}
        origins: dict[str, str] = {}
        used: set[str] = set()
        identity: dict[str, Any] = {}
        faults: list[str] = []
        typed: dict[str, Any] = {}
        for part, model in models(found).items():
            given = {name: values[name] for name in model.model_fields if name in values}
            merged = {name: value for name, value in defaults.items() if name in model.model_fields} | given
            options, wrong = self._validated(part, model, merged)
            faults += [f"{self._place(fault)}{fault}" for fault in wrong]
            used.update(given)
            if options is None:
                continue
            typed[part] = options
            for name, argument in arguments(model).items():
                value = getattr(options, name)
                origins[name] = self._origin(name, given, merged)
                if value is not None:
                    settings[name] = value
                    if argument.identity:
                        identity[name] = value
        if not faults:
            faults = check(settings, found) or self._fit(found, typed)
        return Resolved(settings, origins, frozenset(used), json.dumps(identity, sort_keys=True), faults)

    def _validated(
        self, part: str, model: type[Options], merged: Mapping[str, Any]
    ) -> tuple[Options | None, list[str]]:
        key = (f"{part} {model.__module__}", repr(merged))
        if key not in self._parts:
            self._parts[key] = validate(model, merged)
        return self._parts[key]

    def _fit(self, found: Mapping[str, Plugin], typed: Mapping[str, Any]) -> list[str]:
        """Faults that only show when benchmark and scheduler meet: no resource to halve, a rung out of reach."""
        try:
            define = found["benchmark_name"].load()
            benchmark = define(typed["benchmark"], typed["experiment"].max_resource_level)
            found["scheduler"].load().levels(typed["scheduler"], benchmark.problem)
        except UsageError as error:
            return error.problems
        return []

    def _origin(self, name: str, given: Mapping[str, Any], merged: Mapping[str, Any]) -> str:
        if name in given:
            return self._origins.get(name, "given")
        return "benchmark default" if name in merged else "default"

    def _place(self, fault: str) -> str:
        origin = self._origins.get(fault.split(" = ")[0], "")
        return f"{origin}: " if ":" in origin else ""


def check(settings: Mapping[str, Any], found: Mapping[str, Plugin]) -> list[str]:
    """Faults of the combination: everything that no part can see by itself."""
    problems = []
    if "scheduler_timeout" not in settings and "num_trials" not in settings:
        problems.append(
            "nothing ends the experiment: give scheduler_timeout (seconds), num_trials (completed trials) or both"
        )
    for one, other in (("scheduler", "searcher"), ("searcher", "scheduler")):
        supported = found[one].pairs_with
        if supported and settings[other] not in supported:
            problems.append(
                f"{one} {settings[one]} does not go with {other} {settings[other]}; it supports: "
                + ", ".join(sorted(supported))
            )
    return problems
