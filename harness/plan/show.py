"""A plan for people: the sweep in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.plan.build import Plan
from harness.plan.job import Settings
from harness.plugins import METHODS

NAMES = {parts: name for name, parts in METHODS.items()}


def method_name(settings: Settings) -> str:
    """The field's name of the method, else "scheduler + searcher"."""
    pair = (settings["scheduler"], settings["searcher"])
    return NAMES.get(pair, f"{pair[0]} + {pair[1]}")


def label(settings: Settings, swept: Sequence[str]) -> str:
    """Method, and what else sets this experiment apart from the sweep's others of the same run id."""
    extra = [
        f"{name}={settings[name]:g}" if isinstance(settings[name], float) else f"{name}={settings[name]}"
        for name in swept
        if name not in ("run_id", "scheduler", "searcher") and name in settings
    ]
    return " ".join([method_name(settings), *extra])


def plan_table(plan: Plan, limit: int = 200) -> Any:
    """rich Table of the plan's jobs: index, run id, method, swept settings, seed, job id, name."""
    from rich.table import Table

    swept = [name for name in plan.swept if name != "run_id"]
    shown = Table(title=f"{plan.raw.source}: {len(plan)} experiments, random seed offset {plan.offset}")
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
