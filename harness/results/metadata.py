"""`metadata.json`: flat scalars and non-empty lists only, since Syne Tune's loaders choke on anything else."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from harness.core.problem import Mode, Problem
from harness.jobdir import JobDir, write_json
from harness.results.provenance import provenance

# `backend` must hold the class name that Syne Tune's loaders know; the launcher's own value is kept beside it.
BACKEND_NAMES = {"local": "LocalBackend", "sagemaker": "SageMakerBackend", "simulated": "BlackboxRepositoryBackend"}


def metadata(
    settings: Mapping[str, Any],
    problem: Problem,
    *,
    objectives: Mapping[str, Mode],
    entrypoint: str,
    job_id: str,
    tuner_name: str,
    method: str,
) -> dict[str, Any]:
    """What is known of an experiment before its first trial.

    Args:
        settings: the job's, all of which are stored.
        objectives: what is optimised, with directions: the metric, or what is traded off.
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
        "metric_names": list(objectives),
        "metric_mode": problem.mode if len(objectives) == 1 else list(objectives.values()),
        "resource_attr": problem.resource_attr,
        "max_resource_attr": problem.max_resource_attr,
        "elapsed_time_attr": problem.elapsed_time_attr,
        "constraint_attr": problem.constraint_attr,
        "entrypoint": entrypoint,
        "job_id": job_id,
        "tuner_name": tuner_name,
        "st_tuner_creation_timestamp": now,
        "st_tuner_start_timestamp": now,
        "config_space": json.dumps(problem.space.spec()),
        **provenance(),
    }
    return {name: value for name, value in facts.items() if value is not None}


def write_metadata(folder: JobDir, facts: Mapping[str, Any]) -> None:
    write_json(folder.metadata, dict(facts))
