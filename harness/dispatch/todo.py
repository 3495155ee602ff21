"""Plan minus done: which jobs of a sweep are still to run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from harness.jobdir import SweepDir
from harness.ledger.state import SweepState
from harness.plan.job import Job
from harness.results.status import read_status


@dataclass(frozen=True)
class Planned:
    """A job of the plan and what the ledger knows of it.

    Attributes:
        job: under the name that the ledger chose for it, where it did.
        done: it completed, and its folder still says so.
        attempts: times that it was submitted before.
        open: it was submitted, and no end of it is in the ledger.
    """

    job: Job
    done: bool
    attempts: int
    open: bool


def compare(jobs: Iterable[Job], state: SweepState, sweep: SweepDir) -> list[Planned]:
    """Each job of the plan beside its record."""
    planned = []
    for job in jobs:
        record = state.jobs.get(job.job_id)
        if record is None:
            planned.append(Planned(job, done=False, attempts=0, open=False))
            continue
        named = replace(job, tuner_name=record.tuner_name)
        # The folder is asked too: somebody may have deleted it, and then the results are missing.
        status = read_status(sweep.job(record.tuner_name))
        lost = status.get("num_results", 0) > 0 and not sweep.job(record.tuner_name).results.exists()
        completed = status.get("state") == "completed" and not lost
        planned.append(Planned(named, completed, record.attempts, open=record.state == "submitting"))
    return planned
