"""How the experiments were made: settings that all share, code, image, machine, and commands that repeat them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.figure import Table
from harness.report.study import Run, Study
from harness.results.provenance import ENVIRONMENT
from harness.results.settings import launch_words, settings_of

# What must be one and the same for results to be comparable.
MUST_AGREE = ("code_hash", "image", "cpu_model")
VALUES_SHOWN = 3


def environment_table(runs: Sequence[Run]) -> Table:
    """Fact -> its value, or how many experiments have which."""
    every = [run.experiment.metadata for run in runs]
    packages = sorted({name for facts in every for name in facts if name.startswith("package_")})
    rows = [[name, _values(every, name)] for name in (*ENVIRONMENT, "backend", *packages)]
    return Table(["fact", "value"], [row for row in rows if row[1]])


def settings_table(runs: Sequence[Run]) -> Table:
    """Settings that all experiments share."""
    every = [settings_of(run.experiment.metadata) for run in runs]
    shared = [
        [name, str(value)]
        for name, value in (every[0] if every else {}).items()
        if all(s.get(name) == value for s in every)
    ]
    return Table(["setting", "value"], shared)


def _values(every: Sequence[Mapping[str, Any]], name: str) -> str:
    counts = Counter(str(facts[name]) for facts in every if name in facts)
    if len(counts) == 1 and sum(counts.values()) == len(every):
        return next(iter(counts))
    shown = "; ".join(f"{value} ({count} experiments)" for value, count in counts.most_common(VALUES_SHOWN))
    return shown + (f"; and {len(counts) - VALUES_SHOWN} more" if len(counts) > VALUES_SHOWN else "")


def disagreements(runs: Sequence[Run]) -> list[str]:
    """A sentence for each fact that should be one and is not."""
    sentences = []
    for name in MUST_AGREE:
        values = {run.experiment.metadata[name] for run in runs if name in run.experiment.metadata}
        if len(values) > 1:
            sentences.append(f"The experiments have {len(values)} different values of {name}: see how they were made.")
    return sentences


def commands(study: Study) -> list[tuple[str, str]]:
    """(method and benchmark, command that repeats its first run there) of each method."""
    found = []
    for method in study.methods:
        run = next(run for run in study.runs if run.method == method)
        settings = settings_of(run.experiment.metadata)
        if settings:
            words = ["python", "scripts/launch_hpo.py", *launch_words(settings), "--local_tuner"]
            found.append((f"{method} on {run.benchmark}", shlex.join(words)))
    return found
