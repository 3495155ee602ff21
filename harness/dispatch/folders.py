"""Job folders: a name is reserved by making its folder. A job that was cut short goes on in its folder; what a failed
one left is moved aside, not lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from harness.errors import EnvironmentFault
from harness.jobdir import SweepDir, read_json
from harness.plan.build import HASHES
from harness.plan.job import Job, write_job
from harness.results.status import read_status, write_open

# A job whose launcher was killed notices that within a second, and ends.
PATIENCE_SECONDS = 15.0

Announce = Callable[[Job], None]


def open_folder(sweep: SweepDir, job: Job, attempts: int, announce: Announce = lambda job: None) -> Job:
    """Make the job's folder and write `job.json`; returns the job under the name it got.

    Args:
        attempts: earlier attempts under this name; what a failed one left goes to the sweep's `broken/`.
        announce: writes the job, under its name, to the ledger; called before anything is there under that name, so
            that no crash leaves a folder which nobody knows and another one is made for.
    """
    try:
        sweep.path.mkdir(parents=True, exist_ok=True)
        if attempts and _ours(sweep, job):
            announce(job)
            _retry(sweep, job, attempts)
        else:
            job = _reserve(sweep, job, announce)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write to the results folder {sweep.root}: {error.strerror}",
            hint="free some space or set SYNETUNE_FOLDER to a folder that can be written",
        ) from error
    return job


def _ours(sweep: SweepDir, job: Job) -> bool:
    """Whether the name is still the job's: between its announcement and a crash, another launch may have taken it."""
    record = read_json(sweep.job(job.tuner_name).job)
    return record is None or record["job_id"] == job.job_id


def _reserve(sweep: SweepDir, job: Job, announce: Announce) -> Job:
    """The first free name of those that differ in the 3-digit hash; mkdir decides, so no two launches share one."""
    stem, _, first = job.tuner_name.rpartition("-")
    for step in range(HASHES):
        named = replace(job, tuner_name=f"{stem}-{(int(first) + step) % HASHES:03d}")
        folder = sweep.job(named.tuner_name)
        if folder.path.exists():
            continue
        announce(named)
        try:
            folder.path.mkdir()
        except FileExistsError:
            continue
        write_job(folder, named)
        return named
    raise EnvironmentFault(f"all {HASHES} names {stem}-NNN are taken in {sweep.root}")


def _retry(sweep: SweepDir, job: Job, attempts: int) -> None:
    folder = sweep.job(job.tuner_name)
    if not folder.path.exists():
        folder.path.mkdir()
    # Alone: a process of the attempt before, which nobody followed, may still be writing its last files.
    with folder.exclusive(PATIENCE_SECONDS) as alone:
        if not alone:
            raise EnvironmentFault(f"another process runs the experiment in {folder.path}")
        if read_status(folder).get("state") != "failed":
            folder.remove_partial()
            write_open(folder)
            write_job(folder, job)
            return
        sweep.broken.mkdir(parents=True, exist_ok=True)
        os.replace(folder.path, _free(sweep, f"{job.tuner_name}-attempt{attempts}"))
    folder.path.mkdir()
    write_job(folder, job)


def _free(sweep: SweepDir, name: str) -> str:
    place, copy = sweep.broken / name, 1
    while place.exists():
        copy += 1
        place = sweep.broken / f"{name}-{copy}"
    return str(place)
