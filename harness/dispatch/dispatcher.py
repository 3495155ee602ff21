"""Jobs to a runtime, at most so many at once, each step in the ledger before it takes effect."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.core.failures import Failure
from harness.dispatch.disk import DiskBudget
from harness.dispatch.endings import silent_end
from harness.dispatch.folders import open_folder
from harness.dispatch.follow import Follower
from harness.dispatch.todo import Planned
from harness.errors import EnvironmentFault
from harness.jobdir import JobDir, SweepDir
from harness.ledger.journal import Journal
from harness.ledger.state import fold
from harness.plan.job import Job
from harness.results.status import FINAL, read_status, write_end
from harness.runtime.protocol import JobState, Limits, Runtime

POLL_SECONDS = 0.2
# Times that a job whose process vanished, and vanished again before anything was reported, is run again.
RETRIES = 3
ROOM_HINT = "make room, raise --disk_budget, or set SYNETUNE_FOLDER to a larger disk; the same command goes on"

DataOf = Callable[[Job], Mapping[str, Path]]
LimitsOf = Callable[[Job], Limits]


@dataclass(frozen=True)
class Rules:
    """When no further experiment is started.

    Attributes:
        max_failed: once so many have failed; those that run go on.
        fail_fast: once one has failed; those that run are stopped.
        disk_budget: once the sweep takes so many bytes.
    """

    max_failed: int | None = None
    fail_fast: bool = False
    disk_budget: int | None = None


class Dispatcher:
    """Args:
    launch: facts on the launch that jobs keep (runtime, image, revision).
    slots: experiments that may run at once.
    data_of: folders of the data sets that a job reads.
    limits_of: what a job may use of the machine.
    label_of: short name of a job for people.
    interruption: why to end from outside, None while there is no reason; asked at every turn.
    rules: when no further experiment is started.
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
        rules: Rules = Rules(),
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
        self._rules = rules
        self._budget = DiskBudget(sweep, rules.disk_budget)
        for record in fold(journal.entries()).jobs.values():
            self._budget.ended(record.tuner_name)
        self._retries: Counter[str] = Counter()
        self._got_to: dict[str, int] = {}
        self._failed = 0
        self._adopted: set[str] = set()

    def run(self, todo: Sequence[Planned]) -> Mapping[str, str]:
        """Run the jobs to their ends; returns job id -> state of those that ended.

        Jobs that an earlier launcher left running are followed instead of launched again. When interrupted, the
        running ones are cancelled, recorded as stopped, and no further one starts. EnvironmentFault, once the running
        ones have ended, where the disk has no room for more.
        """
        states: dict[str, str] = {}
        waiting = deque(todo)
        full: str | None = None
        try:
            self._adopt(waiting)
            self._settle(waiting)
            while (waiting and not self._enough() and not full) or self._running:
                while waiting and len(self._running) < self._slots and not self._enough() and not full:
                    full = self._budget.exceeded()
                    if full is None:
                        self._launch(waiting.popleft())
                if self.reason_to_end() is not None:
                    self._cancel_all()
                states.update(self._collect(waiting))
                self._follower.update()
                if self._running:
                    time.sleep(POLL_SECONDS)
        finally:
            self._cancel_all()
            states.update(self._collect(waiting))
        if waiting and full is None and not self.interrupted:
            self._follower.say(f"experiments that failed: {self._failed}; not started: {len(waiting)}")
        if full is not None:
            raise EnvironmentFault(f"{full}; experiments not started: {len(waiting)}", hint=ROOM_HINT)
        return states

    @property
    def interrupted(self) -> bool:
        return self._interruption() is not None

    def reason_to_end(self) -> str | None:
        """Why what runs is to end."""
        if self._rules.fail_fast and self._failed:
            return "another experiment failed (fail_fast)"
        return self._interruption()

    def _enough(self) -> bool:
        """Whether no further experiment is to be started."""
        limit = self._rules.max_failed
        return self.reason_to_end() is not None or (limit is not None and self._failed >= limit)

    def _adopt(self, waiting: deque[Planned]) -> None:
        known = [planned for planned in waiting if planned.attempts]
        states = self._runtime.poll([planned.job.tuner_name for planned in known]) if known else {}
        for planned in known:
            if states[planned.job.tuner_name] is JobState.RUNNING:
                waiting.remove(planned)
                self._take_over(planned.job)

    def _take_over(self, job: Job) -> None:
        self._adopted.add(job.tuner_name)
        self._follow(job)

    def _settle(self, waiting: deque[Planned]) -> None:
        """Record the end of jobs that completed when no launcher looked; what they left in the runtime is removed."""
        for planned in [one for one in waiting if one.done]:
            job = planned.job
            waiting.remove(planned)
            self._runtime.collect(job.tuner_name, self._sweep.job(job.tuner_name).path)
            self._journal.append("ended", job_id=job.job_id, tuner_name=job.tuner_name, state="completed")

    def _launch(self, planned: Planned) -> None:
        name = planned.job.tuner_name
        if planned.attempts and self._runtime.poll([name])[name] is JobState.RUNNING:
            self._take_over(planned.job)  # `harness resume` started it since
            return
        if planned.open:
            # What an earlier attempt left in the runtime must not be taken for the new one.
            self._runtime.collect(name, self._sweep.job(name).path)
        job = replace(planned.job, launch=self._launch_facts)
        job = open_folder(self._sweep, job, planned.attempts, self._announce)
        folder = self._sweep.job(job.tuner_name)
        self._runtime.submit(
            self._runtime.request(job.tuner_name, folder.path, self._data_of(job), self._limits_of(job))
        )
        self._follow(job)

    def _announce(self, job: Job) -> None:
        self._journal.append("submitting", job_id=job.job_id, tuner_name=job.tuner_name, **self._launch_facts)

    def _follow(self, job: Job) -> None:
        self._running[job.tuner_name] = job
        self._budget.started(job.tuner_name)
        self._launched += 1
        self._follower.launched(
            job.tuner_name, self._label_of(job), self._sweep.job(job.tuner_name), job.settings, self._launched
        )

    def _collect(self, waiting: deque[Planned]) -> Mapping[str, str]:
        """Record the jobs that have ended; those that lost their process without a fault of theirs wait again."""
        states = {}
        polled = self._runtime.poll(list(self._running)) if self._running else {}
        for name, state in polled.items():
            if state is JobState.RUNNING:
                continue
            job = self._running.pop(name)
            folder = self._sweep.job(name)
            self._runtime.collect(name, folder.path)
            self._budget.ended(name)
            if self._runs_again(job, waiting):
                continue
            status = self._final_status(folder)
            self._failed += int(status["state"] != "completed" and self.reason_to_end() is None)
            self._journal.append("ended", job_id=job.job_id, tuner_name=name, state=status["state"])
            self._follower.ended(name, status["state"], status["reason"])
            states[job.job_id] = status["state"]
        return states

    def _runs_again(self, job: Job, waiting: deque[Planned]) -> bool:
        """Whether the job is put in line again. Its folder holds all that it needs to go on.

        That is for jobs whose process vanished, and for those that end because the launcher did that started them.
        """
        name = job.tuner_name
        ended = self._cut_short(name)
        if ended is None or self.reason_to_end() is not None or not self._may_retry(name):
            return False
        self._launched -= 1
        self._follower.ended(name, "interrupted", f"{ended}; it goes on where it was")
        waiting.appendleft(Planned(job, done=False, attempts=self._retries[name], open=True))
        return True

    def _may_retry(self, name: str) -> bool:
        """Whether there is hope. A job that got further since the attempt before is no hopeless one."""
        events = self._sweep.job(name).events
        got_to = events.stat().st_size if events.exists() else 0
        if got_to > self._got_to.get(name, 0):
            self._got_to[name] = got_to
            self._retries[name] = 0
        if self._retries[name] >= RETRIES:
            return False
        self._retries[name] += 1
        return True

    def _cut_short(self, name: str) -> str | None:
        """How the job was cut short, where that was no fault of its own."""
        status = read_status(self._sweep.job(name))
        if status.get("state") == "stopped" and name in self._adopted:
            self._adopted.discard(name)
            return str(status["reason"])
        if status.get("state") in FINAL:
            return None
        silent = silent_end(self._sweep.job(name))
        return silent.reason if silent.failure is Failure.INFRASTRUCTURE else None

    def _final_status(self, folder: JobDir) -> Mapping[str, Any]:
        """The status that the job ended with; what it could not say itself is said for it."""
        status = read_status(folder)
        reason = self.reason_to_end()
        if status.get("state") == "stopped" and reason is not None:
            write_end(folder, "stopped", reason)  # the job knows only that it was told to end
        elif status.get("state") not in FINAL:
            silent = silent_end(folder)
            # What is no fault of the job's own leaves it to go on where it was, once the machine is well again.
            state = "failed" if reason is None and silent.failure is Failure.MEMORY else "stopped"
            write_end(folder, state, reason or silent.reason)
        return read_status(folder)

    def _cancel_all(self) -> None:
        """All at once, since each may take its time to end."""
        if self._running:
            with ThreadPoolExecutor(len(self._running)) as pool:
                list(pool.map(self._runtime.cancel, list(self._running)))
