"""Job folders: a name is reserved by making its folder. A job that was cut short goes on in its folder; what a failed
one left is moved aside, not lost."""

from __future__ import annotations

import os
from dataclasses import replace

from harness.errors import EnvironmentFault
from harness.jobdir import SweepDir
from harness.plan.build import HASHES
from harness.plan.job import Job, write_job
from harness.results.status import read_status, write_open


def open_folder(sweep: SweepDir, job: Job, attempts: int) -> Job:
    """Make the job's folder and write `job.json`; returns the job under the name it got.

    Args:
        attempts: earlier attempts under this name; what a failed one left goes to the sweep's `broken/`.
    """
    try:
        sweep.path.mkdir(parents=True, exist_ok=True)
        job = _retry(sweep, job, attempts) if attempts else _reserve(sweep, job)
        write_job(sweep.job(job.tuner_name), job)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write to the results folder {sweep.root}: {error.strerror}",
            hint="free some space or set SYNETUNE_FOLDER to a folder that can be written",
        ) from error
    return job


def _reserve(sweep: SweepDir, job: Job) -> Job:
    """The first free name of those that differ in the 3-digit hash; mkdir decides, so no two launches share one."""
    stem, _, first = job.tuner_name.rpartition("-")
    for step in range(HASHES):
        name = f"{stem}-{(int(first) + step) % HASHES:03d}"
        try:
            sweep.job(name).path.mkdir()
        except FileExistsError:
            continue
        return replace(job, tuner_name=name)
    raise EnvironmentFault(f"all {HASHES} names {stem}-NNN are taken in {sweep.root}")


def _retry(sweep: SweepDir, job: Job, attempts: int) -> Job:
    folder = sweep.job(job.tuner_name).path
    if folder.exists() and read_status(sweep.job(job.tuner_name)).get("state") != "failed":
        sweep.job(job.tuner_name).remove_partial()
        write_open(sweep.job(job.tuner_name))
        return job
    if folder.exists():
        sweep.broken.mkdir(parents=True, exist_ok=True)
        os.replace(folder, _free(sweep, f"{job.tuner_name}-attempt{attempts}"))
    folder.mkdir()
    return job


def _free(sweep: SweepDir, name: str) -> str:
    place, copy = sweep.broken / name, 1
    while place.exists():
        copy += 1
        place = sweep.broken / f"{name}-{copy}"
    return str(place)
