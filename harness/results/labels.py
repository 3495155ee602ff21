"""What experiments are called beside each other: benchmark and method, and the settings that set them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.options import arguments
from harness.plan.experiment import ExperimentOptions
from harness.plan.resolve import table as plugins
from harness.plan.show import NAMES
from harness.results.load import Experiment
from harness.results.settings import settings_of

# Names in metadata that are no settings of a method: in ours, in Syne Tune's, or in both.
FACTS = frozenset(
    {"benchmark_name", "scheduler", "searcher", "backend", "experiment_name", "run_id", "seed", "random_seed"}
    | {"random_seed_offset", "algorithm", "benchmark", "scheduler_name", "metric", "mode", "metric_mode", "entrypoint"}
    | {"resource_attr", "elapsed_time_attr", "tuner_name", "job_id", "config_space", "git_hash", "path", "tag"}
)


@dataclass(frozen=True)
class Labelled:
    """An experiment under the names that a comparison gives it."""

    experiment: Experiment
    benchmark: str
    method: str


def labelled(experiments: Sequence[Experiment]) -> list[Labelled]:
    """Names as short as they can be: a setting is named only where two experiments of one run id differ in it."""
    benchmarks = _benchmarks(experiments)
    bases = [_method(one.metadata) for one in experiments]
    cells = [(benchmark, base, one.pair) for benchmark, base, one in zip(benchmarks, bases, experiments, strict=True)]
    settings = [_settings(one.metadata) for one in experiments]
    varying: dict[str, list[str]] = defaultdict(list)
    for (_, base, _), names in _varying(cells, settings).items():
        varying[base] += [name for name in names if name not in varying[base]]
    return [
        Labelled(one, benchmark, _with(base, own, varying[base]))
        for one, benchmark, base, own in zip(experiments, benchmarks, bases, settings, strict=True)
    ]


def _method(facts: Mapping[str, Any]) -> str:
    if facts.get("algorithm"):
        return str(facts["algorithm"])
    pair = (str(facts.get("scheduler", "")), str(facts.get("searcher", "")))
    named = NAMES.get(pair) or " + ".join(filter(None, pair))
    return named or str(facts.get("scheduler_name") or "method")


def _benchmarks(experiments: Sequence[Experiment]) -> list[str]:
    """Benchmark of each experiment; where one benchmark has several data sources, the source's name."""
    keys = []
    own = []
    for one in experiments:
        name = str(one.metadata.get("benchmark") or one.metadata.get("benchmark_name") or "")
        keys.append((name, str(one.metadata.get("entrypoint") or "")))
        owned = _benchmark_settings(name)
        own.append({key: one.metadata[key] for key in owned if key in one.metadata})
    sources: dict[str, set[str]] = defaultdict(set)
    for name, source in keys:
        sources[name].add(source)
    titles = [source if source and (name == "table" or len(sources[name]) > 1) else name for name, source in keys]
    titles = [title or source or "benchmark" for title, (_, source) in zip(titles, keys, strict=True)]
    varying = _varying(titles, own)
    return [_with(title, facts, varying[title]) for title, facts in zip(titles, own, strict=True)]


def _benchmark_settings(name: str) -> list[str]:
    known = plugins("benchmark_name")
    if name not in known:
        return []
    declared = arguments(known[name].load_options())
    return [key for key, argument in declared.items() if argument.identity]


def _settings(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The scalar settings that may tell methods apart; of a foreign experiment all that looks like one."""
    silent = {name for name, argument in arguments(ExperimentOptions).items() if not argument.identity}
    of_benchmark = _benchmark_settings(str(facts.get("benchmark_name", "")))
    left_out = {*FACTS, *silent, *of_benchmark, "table"}
    return {
        name: value
        for name, value in (settings_of(facts) or facts).items()
        if name not in left_out and not name.startswith(("st_", "package_")) and not isinstance(value, (list, dict))
    }


def _varying(keys: Iterable[Hashable], facts: Iterable[Mapping[str, Any]]) -> dict[Any, list[str]]:
    """Key -> names whose values differ within it; absence is a value."""
    groups: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for key, own in zip(keys, facts, strict=True):
        groups[key].append(own)
    varying: dict[Any, list[str]] = {}
    for key, members in groups.items():
        first = members[0]
        changed: dict[str, None] = {}
        for member in members[1:]:
            changed.update(dict.fromkeys(k for k in member if member[k] != first.get(k)))
            changed.update(dict.fromkeys(k for k in first if k not in member))
        varying[key] = list(changed)
    return varying


def _with(base: str, facts: Mapping[str, Any], names: Iterable[str]) -> str:
    shown = [f"{name}={_short(facts[name])}" for name in names if name in facts]
    return " ".join([base, *shown])


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
