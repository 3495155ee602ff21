"""Jobs to a runtime, at most so many at once, each step in the ledger before it takes effect."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.dispatch.folders import open_folder
from harness.dispatch.follow import Follower
from harness.dispatch.todo import Planned
from harness.jobdir import JobDir, SweepDir
from harness.ledger.journal import Journal
from harness.plan.job import Job
from harness.results.status import FINAL, read_status, write_end
from harness.runtime.protocol import JobState, Limits, Runtime

POLL_SECONDS = 0.2
FULL_BYTES = 1_000_000

DataOf = Callable[[Job], Mapping[str, Path]]
LimitsOf = Callable[[Job], Limits]


class Dispatcher:
    """Args:
    launch: facts on the launch that jobs keep (runtime, image, revision).
    slots: experiments that may run at once.
    data_of: folders of the data sets that a job reads.
    limits_of: what a job may use of the machine.
    label_of: short name of a job for people.
    interruption: why to end from outside, None while there is no reason; asked at every turn.
    """

    def __init__(
        self,
        *,
        sweep: SweepDir,
        journal: Journal,
        runtime: Runtime,
        launch: Mapping[str, str],
        follower: Follower,
        slots: int,
        data_of: DataOf,
        limits_of: LimitsOf = lambda job: Limits(),
        label_of: Callable[[Job], str],
        interruption: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._sweep = sweep
        self._journal = journal
        self._runtime = runtime
        self._launch_facts = launch
        self._follower = follower
        self._slots = slots
        self._data_of = data_of
        self._limits_of = limits_of
        self._label_of = label_of
        self._running: dict[str, Job] = {}
        self._launched = 0
        self._interruption = interruption

    def run(self, todo: Sequence[Planned]) -> Mapping[str, str]:
        """Run the jobs to their ends; returns job id -> state of those that ended.

        Jobs that an earlier launcher left running are followed instead of launched again. When interrupted, the
        running ones are cancelled, recorded as stopped, and no further one starts.
        """
        states: dict[str, str] = {}
        waiting = deque(todo)
        try:
            self._adopt(waiting)
            while (waiting and not self.interrupted) or self._running:
                while waiting and len(self._running) < self._slots and not self.interrupted:
                    self._launch(waiting.popleft())
                if self.interrupted:
                    self._cancel_all()
                states.update(self._collect())
                self._follower.update()
                if self._running:
                    time.sleep(POLL_SECONDS)
        finally:
            self._cancel_all()
            states.update(self._collect())
        return states

    @property
    def interrupted(self) -> bool:
        return self._interruption() is not None

    def _adopt(self, waiting: deque[Planned]) -> None:
        names = [planned.job.tuner_name for planned in waiting if planned.open]
        states = self._runtime.poll(names) if names else {}
        for planned in list(waiting):
            job = planned.job
            if planned.open and states[job.tuner_name] is JobState.RUNNING:
                waiting.remove(planned)
                self._follow(job)

    def _launch(self, planned: Planned) -> None:
        if planned.open:
            # What an earlier attempt left in the runtime must not be taken for the new one.
            self._runtime.collect(planned.job.tuner_name, self._sweep.job(planned.job.tuner_name).path)
        job = open_folder(self._sweep, replace(planned.job, launch=self._launch_facts), planned.attempts)
        folder = self._sweep.job(job.tuner_name)
        request = self._runtime.request(job.tuner_name, folder.path, self._data_of(job), self._limits_of(job))
        self._journal.append("submitting", job_id=job.job_id, tuner_name=job.tuner_name, **self._launch_facts)
        self._runtime.submit(request)
        self._follow(job)

    def _follow(self, job: Job) -> None:
        self._running[job.tuner_name] = job
        self._launched += 1
        self._follower.launched(
            job.tuner_name, self._label_of(job), self._sweep.job(job.tuner_name), job.settings, self._launched
        )

    def _collect(self) -> Mapping[str, str]:
        """Record the jobs that have ended."""
        states = {}
        polled = self._runtime.poll(list(self._running)) if self._running else {}
        for name, state in polled.items():
            if state is JobState.RUNNING:
                continue
            job = self._running.pop(name)
            folder = self._sweep.job(name)
            self._runtime.collect(name, folder.path)
            status = read_status(folder)
            if status.get("state") not in FINAL:
                if self.interrupted:
                    write_end(folder, "stopped", "interrupted before its first trial")
                else:
                    write_end(folder, "failed", _silent_end(folder))
                status = read_status(folder)
            self._journal.append("ended", job_id=job.job_id, tuner_name=name, state=status["state"])
            self._follower.ended(name, status["state"], status["reason"])
            states[job.job_id] = status["state"]
        return states

    def _cancel_all(self) -> None:
        for name in self._running:
            self._runtime.cancel(name)


def _silent_end(folder: JobDir) -> str:
    """What to say of a job that ended without writing its status."""
    if shutil.disk_usage(folder.path).free < FULL_BYTES:
        return f"the disk of {folder.path.parent} is full"
    return f"the job's process ended without a word; see {folder.log}"
