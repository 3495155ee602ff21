"""A sweep's jobs as a table of a moment: state, elapsed time, best value so far, what is left, failures."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from harness.plan.job import Settings

# Order of interest: what runs, what went wrong, what is done, what is to come.
ORDER = ("running", "waiting", "launched", "failed", "stopped", "completed", "not run")


@dataclass(frozen=True)
class JobProgress:
    """One job: its label, settings, state and status record ({} before it runs)."""

    label: str
    settings: Settings
    state: str
    status: Mapping[str, Any]

    @property
    def remaining(self) -> float | None:
        """Seconds until its budget is used up, as far as its own pace tells; None where nothing does."""
        if self.state != "running":
            return None
        elapsed = float(self.status.get("elapsed", 0.0))
        limits = []
        timeout, trials = self.settings.get("scheduler_timeout"), self.settings.get("num_trials")
        done = self.status.get("trials", {}).get("Completed", 0)
        if timeout is not None:
            limits.append(max(float(timeout) - elapsed, 0.0))
        if trials is not None and done:
            limits.append(max(elapsed * (float(trials) - done) / done, 0.0))
        return min(limits, default=None)


def progress_table(jobs: Sequence[JobProgress], limit: int) -> Table:
    """The jobs of most interest, at most `limit`."""
    rank = {state: place for place, state in enumerate(ORDER)}
    # Of those that are done the last ones, of those to come the next.
    places = {id(job): -place if job.state == "completed" else place for place, job in enumerate(jobs)}
    shown = sorted(jobs, key=lambda job: (rank.get(job.state, 0), places[id(job)]))[:limit]
    table = Table()
    for column in ("experiment", "state", "elapsed", "trials", "failed", "best so far", "left"):
        table.add_column(column, justify="left" if column in ("experiment", "state") else "right")
    for job in shown:
        table.add_row(*_cells(job))
    if len(jobs) > len(shown):
        table.add_row(f"... and {len(jobs) - len(shown)} more", *[""] * 6)
    return table


def _cells(job: JobProgress) -> tuple[str, ...]:
    best, status = job.status.get("best"), job.status
    value = f"{best['metric']} {best['value']:.5g}" if best else "-"
    if not status:
        return job.label, job.state, "-", "-", "-", "-", "-"
    reason = f": {status['reason']}" if job.state in ("failed", "stopped") and status.get("reason") else ""
    failed = status.get("trials", {}).get("Failed", 0)
    elapsed = duration(status["elapsed"]) if "elapsed" in status else "-"
    left = duration(job.remaining) if job.remaining is not None else "-"
    return job.label, f"{job.state}{reason}", elapsed, str(status.get("num_trials", "-")), str(failed), value, left


def totals(jobs: Sequence[JobProgress], slots: int = 1) -> str:
    """How many are in which state, failed trials, and when the sweep ends if the rest takes as long as the others."""
    counts = Counter(job.state for job in jobs)
    parts = [f"{counts[state]} {state}" for state in ORDER if counts[state]]
    failed = sum(job.status.get("trials", {}).get("Failed", 0) for job in jobs)
    if failed:
        parts.append(f"{failed} trial{'' if failed == 1 else 's'} failed")
    left = _left(jobs, slots)
    return ", ".join(parts) + (f"; about {duration(left)} left" if left is not None else "")


def _left(jobs: Sequence[JobProgress], slots: int) -> float | None:
    finished = [float(job.status["elapsed"]) for job in jobs if job.state == "completed" and "elapsed" in job.status]
    waiting = sum(job.state == "not run" for job in jobs)
    running = [job.remaining for job in jobs if job.state == "running"]
    virtual = any(job.settings.get("backend") == "simulated" for job in jobs)
    if virtual or not (waiting or running) or (waiting and not finished):
        return None
    typical = statistics.median(finished) if finished else 0.0
    own = [typical if left is None else left for left in running]
    return (waiting * typical + sum(own)) / max(len(running), slots)


def duration(seconds: float) -> str:
    """ "41 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
