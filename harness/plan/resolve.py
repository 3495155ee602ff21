"""One experiment's raw settings -> typed options of the parts it is made of, or every fault at once.

Precedence, here and nowhere else: command line > manifest > benchmark's default > plug-in's default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from harness import plugins
from harness.benchmark import BenchmarkOptions
from harness.core.points import complete_points, read_points
from harness.core.problem import Problem
from harness.errors import UsageError
from harness.options import Options, arguments, validate
from harness.plan.experiment import ExperimentOptions, SweepOptions
from harness.plan.job import Settings, digest
from harness.registry import Plugin, did_you_mean, lookup

KINDS = {"scheduler": "scheduler", "searcher": "searcher", "backend": "back-end", "benchmark_name": "benchmark"}


def table(kind: str) -> Mapping[str, Plugin]:
    """The plug-ins that the setting `kind` (a key of KINDS) chooses from."""
    if kind == "benchmark_name":
        return plugins.benchmarks()
    return {"scheduler": plugins.SCHEDULERS, "searcher": plugins.SEARCHERS, "backend": plugins.BACKENDS}[kind]


def benchmark_defaults(plugin: Plugin, backend: str | None = None) -> Mapping[str, Any]:
    """Defaults that a benchmark sets for arguments of other parts: `DEFAULTS` beside its definition.

    `BACKEND_DEFAULTS` there, if any, holds those that differ under a back-end (name -> defaults).
    """
    module = import_module(plugin.target.partition(":")[0])
    own: Mapping[str, Mapping[str, Any]] = getattr(module, "BACKEND_DEFAULTS", {})
    return {**module.DEFAULTS, **own.get(backend or "", {})}


@dataclass(frozen=True)
class Parts:
    """The typed options of one experiment."""

    experiment: ExperimentOptions
    scheduler: Options
    searcher: Options
    backend: Options
    benchmark: BenchmarkOptions


def chosen(values: Mapping[str, Any]) -> tuple[dict[str, Plugin], list[str]]:
    """The plug-ins that the settings choose, and a line for each unknown name."""
    found, problems = {}, []
    for setting, kind in KINDS.items():
        name = values.get(setting, ExperimentOptions.model_fields[setting].default)
        try:
            found[setting] = lookup(kind, str(name), table(setting))
        except UsageError as error:
            problems += error.problems
    if "scheduler" in found and "searcher" in found:
        name = str(values.get("searcher", ExperimentOptions.model_fields["searcher"].default))
        found["searcher"] = plugins.searcher_of(found["scheduler"], name)
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
        identity: digest of what takes part in the job's id.
    """

    settings: dict[str, Any]
    origins: Mapping[str, str]
    used: frozenset[str]
    identity: str
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class _Choice:
    """What a choice of plug-ins brings: models, and the benchmark's defaults for each of them."""

    found: Mapping[str, Plugin]
    problems: Sequence[str]
    models: Sequence[tuple[str, type[Options], Mapping[str, Any]]]


@dataclass(frozen=True)
class _Part:
    """One part's validated options (None with `faults`), and its share of the settings."""

    key: str
    options: Options | None
    settings: Mapping[str, Any]
    identity: Mapping[str, Any]
    faults: Sequence[str]


# Of a product over many values, most parts never come again: what is kept for reuse is bounded.
MAX_KEPT_PARTS = 1000


class Resolver:
    """Resolves many experiments of one sweep; what they share is worked out once."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        self._origins = origins
        self._choices: dict[tuple[str, ...], _Choice] = {}
        self._parts: dict[str, _Part] = {}
        self._fitting: dict[tuple[str, ...], list[str]] = {}
        self._provenance: dict[tuple[str, ...], tuple[frozenset[str], Mapping[str, str]]] = {}

    def resolve(self, values: Mapping[str, Any]) -> Resolved:
        """`values`: scalars of one experiment, without run id and seed offset."""
        names = tuple(str(values.get(setting)) for setting in KINDS)
        choice = self._choices.get(names) or self._choose(names, values)
        if choice.problems:
            return Resolved({}, {}, frozenset(), "", choice.problems)
        parts: dict[str, _Part] = {}
        used: list[str] = []
        for part, model, defaults in choice.models:
            given = {name: values[name] for name in model.model_fields if name in values}
            used += given
            parts[part] = self._part(model, {**defaults, **given})
        settings: dict[str, Any] = {}
        identity: dict[str, Any] = {}
        faults: list[str] = []
        for one in parts.values():
            settings.update(one.settings)
            identity.update(one.identity)
            faults += one.faults
        if not faults:
            faults = check(settings, choice.found) or self._fit(choice.found, parts)
        owned, origins = self._whence(names, choice, used)
        return Resolved(settings, origins, owned, digest(json.dumps(identity, sort_keys=True)), faults)

    def _choose(self, names: tuple[str, ...], values: Mapping[str, Any]) -> _Choice:
        found, problems = chosen(values)
        parts: list[tuple[str, type[Options], Mapping[str, Any]]] = []
        if not problems:
            backend = str(values.get("backend", ExperimentOptions.model_fields["backend"].default))
            defaults = benchmark_defaults(found["benchmark_name"], backend)
            for part, model in models(found).items():
                applicable = {name: value for name, value in defaults.items() if name in model.model_fields}
                parts.append((part, model, applicable))
        self._choices[names] = _Choice(found, problems, parts)
        return self._choices[names]

    def _part(self, model: type[Options], merged: Mapping[str, Any]) -> _Part:
        key = f"{model.__module__}.{model.__qualname__} {merged!r}"
        if key not in self._parts:
            if len(self._parts) >= MAX_KEPT_PARTS:
                self._parts.clear()
            options, wrong = validate(model, merged)
            faults = [f"{self._place(fault)}{fault}" for fault in wrong]
            values = {} if options is None else vars(options)
            settings = {name: value for name, value in values.items() if value is not None}
            declared = arguments(model)
            identity = {name: value for name, value in settings.items() if declared[name].identity}
            self._parts[key] = _Part(key, options, settings, identity, faults)
        return self._parts[key]

    def _fit(self, found: Mapping[str, Plugin], parts: Mapping[str, _Part]) -> list[str]:
        """Faults that only show when benchmark and method meet: no resource to halve, a rung out of reach, no cost."""
        level = parts["experiment"].settings.get("max_resource_level")
        points = str(parts["experiment"].settings.get("points_to_evaluate", "[]"))
        key = (str(level), points, parts["benchmark"].key, parts["scheduler"].key, found["searcher"].target)
        if key not in self._fitting:
            self._fitting[key] = []
            try:
                benchmark = found["benchmark_name"].load()(parts["benchmark"].options, level)
                found["scheduler"].load().levels(parts["scheduler"].options, benchmark.problem)
                check_needs(str(parts["experiment"].settings["searcher"]), found["searcher"], benchmark.problem)
                complete_points(read_points(points), benchmark.problem.space)
            except UsageError as error:
                self._fitting[key] = error.problems
            except ValueError as error:
                self._fitting[key] = [f"points_to_evaluate: {error}"]
        return self._fitting[key]

    def _whence(
        self, names: tuple[str, ...], choice: _Choice, used: Sequence[str]
    ) -> tuple[frozenset[str], Mapping[str, str]]:
        """Used names and origin of every setting; experiments of equal parts and given names share the answer."""
        key = (*names, *used)
        if key not in self._provenance:
            origins: dict[str, str] = {}
            for _, model, defaults in choice.models:
                for name in model.model_fields:
                    origins[name] = "benchmark default" if name in defaults else "default"
            origins.update({name: self._origins.get(name, "given") for name in used})
            self._provenance[key] = (frozenset(used), origins)
        return self._provenance[key]

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
    return problems + check_pair(settings, found) + _check_backend(settings, found)


def check_pair(settings: Mapping[str, Any], found: Mapping[str, Plugin]) -> list[str]:
    """Faults of a scheduler and a searcher that do not go together."""
    problems = []
    for one, other in (("scheduler", "searcher"), ("searcher", "scheduler")):
        supported = found[one].pairs_with
        if supported and settings[other] not in supported:
            problems.append(
                f"{one} {settings[one]} does not go with {other} {settings[other]}; it supports: "
                + ", ".join(sorted(supported))
            )
    return problems


NEEDED = {
    "cost_name": "reports a cost (cost_attr or elapsed_time_attr)",
    "constraint_attr": "reports a constraint (constraint_attr)",
    "resource_attr": "reports a resource (resource_attr)",
}


def check_needs(name: str, searcher: Plugin, problem: Problem) -> None:
    """UsageError where the problem lacks what the searcher of that name looks at."""
    missing = sorted(need for need in searcher.needs if getattr(problem, need) is None)
    if missing:
        raise UsageError([f"searcher {name} needs a benchmark that {NEEDED[need]}" for need in missing])


def _check_backend(settings: Mapping[str, Any], found: Mapping[str, Plugin]) -> list[str]:
    """Faults of a back-end that cannot run the benchmark."""
    name, benchmark = settings["backend"], settings["benchmark_name"]
    problems = []
    supported = found["benchmark_name"].pairs_with
    if supported and name not in supported:
        problems.append(
            f"benchmark {benchmark} does not go with back-end {name}; it supports: {', '.join(sorted(supported))}"
        )
    missing = found["backend"].needs - found["benchmark_name"].capabilities
    if missing:
        fitting = [
            other for other, plugin in table("benchmark_name").items() if found["backend"].needs <= plugin.capabilities
        ]
        problems.append(
            f"back-end {name} does not go with benchmark {benchmark}, which is not {' or '.join(sorted(missing))}; "
            f"it supports: {', '.join(fitting) or 'none that is installed'}"
        )
    return problems
