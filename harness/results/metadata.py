"""`metadata.json`: flat scalars and non-empty lists only, since Syne Tune's loaders choke on anything else."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Mapping
from typing import Any

from harness import __version__
from harness.core.problem import Problem
from harness.jobdir import JobDir, write_json

# `backend` must hold the class name that Syne Tune's loaders know; the launcher's own value is kept beside it.
BACKEND_NAMES = {"local": "LocalBackend", "simulated": "BlackboxRepositoryBackend"}


def metadata(
    settings: Mapping[str, Any], problem: Problem, *, entrypoint: str, job_id: str, tuner_name: str, method: str
) -> dict[str, Any]:
    """What is known of an experiment before its first trial.

    Args:
        settings: the job's, all of which are stored.
        entrypoint: stem of the training script.
        method: name of the method, for plots (`algorithm`).
    """
    now = time.time()
    facts: dict[str, Any] = {
        **settings,
        "cli_backend": settings["backend"],
        "backend": BACKEND_NAMES.get(settings["backend"], settings["backend"]),
        "benchmark": settings["benchmark_name"],
        "algorithm": method,
        "seed": settings["random_seed"],
        "scheduler_name": settings["scheduler"],
        "metric": problem.metric,
        "mode": problem.mode,
        "metric_names": [problem.metric],
        "metric_mode": problem.mode,
        "resource_attr": problem.resource_attr,
        "elapsed_time_attr": problem.elapsed_time_attr,
        "entrypoint": entrypoint,
        "job_id": job_id,
        "tuner_name": tuner_name,
        "st_tuner_creation_timestamp": now,
        "st_tuner_start_timestamp": now,
        "config_space": json.dumps(problem.space.spec()),
        "harness_version": __version__,
        "python_version": platform.python_version(),
    }
    return {name: value for name, value in facts.items() if value is not None}


def write_metadata(folder: JobDir, facts: Mapping[str, Any]) -> None:
    write_json(folder.metadata, dict(facts))
