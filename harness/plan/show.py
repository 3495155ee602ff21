"""A plan for people: the sweep in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.plan.build import Plan
from harness.plan.job import Settings
from harness.plugins import METHODS

NAMES = {parts: name for name, parts in METHODS.items()}


def method_name(settings: Settings) -> str:
    """The field's name of the method, else "scheduler + searcher"."""
    pair = (settings["scheduler"], settings["searcher"])
    return NAMES.get(pair, f"{pair[0]} + {pair[1]}")


def experiment_label(settings: Settings, plan: Plan) -> str:
    """What sets this experiment apart from the sweep's others of the same run id."""
    several = len(plan.raw.sections.get("benchmarks", ())) > 1
    method = method_label(settings, plan)
    return f"{method} on {benchmark_label(settings, plan)}" if several else method


def method_label(settings: Settings, plan: Plan) -> str:
    """Method, and what else sets this experiment apart from the others of its run id and benchmark."""
    of_benchmarks = {name for entry in plan.raw.sections.get("benchmarks", ()) for name in entry}
    left_out = {"run_id", "scheduler", "searcher", *of_benchmarks}
    return _with(method_name(settings), settings, [name for name in plan.swept if name not in left_out])


def benchmark_label(settings: Settings, plan: Plan) -> str:
    """The benchmark's name (of a table, its file's), and what sets a manifest's entries of that name apart."""
    name = _benchmark_name(settings)
    entries = [entry for entry in plan.raw.sections.get("benchmarks", ()) if _benchmark_name(entry) == name]
    names = dict.fromkeys(key for entry in entries for key in entry if key not in ("benchmark_name", "table"))
    return _with(name, settings, [key for key in names if len({str(entry.get(key)) for entry in entries}) > 1])


def _benchmark_name(settings: Mapping[str, Any]) -> str:
    name = str(settings.get("benchmark_name", ""))
    return Path(str(settings["table"])).stem if name == "table" and "table" in settings else name


def _with(base: str, settings: Settings, names: Sequence[str]) -> str:
    extra = [
        f"{name}={settings[name]:g}" if isinstance(settings[name], float) else f"{name}={settings[name]}"
        for name in names
        if name in settings
    ]
    return " ".join([base, *extra])


def experiments(count: int) -> str:
    """ "1 experiment", "2 experiments"."""
    return f"{count} experiment{'' if count == 1 else 's'}"


def plan_table(plan: Plan, limit: int = 200) -> Any:
    """rich Table of the plan's jobs: index, run id, method, swept settings, seed, job id, name."""
    from rich.table import Table

    swept = [name for name in plan.swept if name != "run_id"]
    shown = Table(title=f"{plan.raw.source}: {experiments(len(plan))}, random seed offset {plan.offset}")
    for column in ("index", "run_id", "method", *swept, "random_seed", "job_id", "tuner_name"):
        shown.add_column(column, no_wrap=True)
    for row, job in enumerate(plan.jobs()):
        if row >= limit:
            shown.add_row("...", f"and {len(plan) - limit} more")
            break
        settings = job.settings
        cells = [job.index, job.run_id, method_name(settings), *(settings.get(name, "") for name in swept)]
        shown.add_row(*map(str, [*cells, job.random_seed, job.job_id, job.tuner_name]))
    return shown
