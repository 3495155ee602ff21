"""The life of a training job, from its acceptance to its end; each in a thread of its own."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.emulator.attempt import Attempt, End
from harness.emulator.execution import Executor
from harness.emulator.jobs import Job, Store
from harness.emulator.outcomes import BEFORE_START, Outcomes
from harness.emulator.settings import Settings
from harness.emulator.slots import Slots

SECONDS_TO_CLOSE = 30
SECONDS_BETWEEN_LOOKS = 0.1


class Lives:
    """Every job that was launched.

    Args:
        folder: for the jobs' files, while they run.
        services: boto3 clients of "s3", "logs" and "sts".
        endpoint: of the emulator, for what jobs call themselves.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        outcomes: Outcomes,
        executor: Executor,
        folder: Path,
        services: Mapping[str, Any],
        endpoint: str,
    ) -> None:
        self._store = store
        self._settings = settings
        self._outcomes = outcomes
        self._executor = executor
        self._folder = folder
        self._services = services
        self._endpoint = endpoint
        self._slots = Slots()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def launch(self, job: Job) -> None:
        thread = threading.Thread(target=self._live, args=[job], name=job.name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wake(self) -> None:
        """All jobs look again, for outcomes or settings have changed."""
        for job in self._store.all():
            job.wake.set()

    def close(self) -> None:
        """End all jobs at once; they stay as they are described."""
        self._closing.set()
        self.wake()
        deadline = time.monotonic() + SECONDS_TO_CLOSE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _live(self, job: Job) -> None:
        try:
            end = self._wait_for_instance(job) or self._attempts(job)
        except Exception as error:
            # A fault of the emulator's own must not leave a job for ever in progress.
            traceback.print_exc(file=sys.stderr)
            end = End("Failed", failure=f"InternalServerError: emulator: {error!r}")
        finally:
            self._slots.leave(job.name)
        if not self._closing.is_set():
            self._store.end(job, end.status, end.secondary, end.failure)

    def _attempts(self, job: Job) -> End:
        """Run it, again after interruptions and, as often as its RetryStrategy says, after faults of the service."""
        retries = job.request.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        number = 0
        while True:
            end = self._attempt(job, number)
            number += 1
            if end.again == "Restarting":
                retries -= 1
            if not end.again or retries < 0:
                return end
            self._store.move(job, end.again)
            if stopped := self._wait_for_instance(job):
                return stopped

    def _attempt(self, job: Job, number: int) -> End:
        internal = self._outcomes.take(job.name, {"internal"})
        if internal:
            return End("Failed", failure=BEFORE_START[internal], again="Restarting")
        folder = self._folder / job.name / str(number)
        try:
            attempt = Attempt(job, self._store, self._settings, self._outcomes, self._services, self._closing)
            return attempt.run(self._executor, folder, self._endpoint)
        finally:
            # A container's files are root's.
            shutil.rmtree(folder.parent, ignore_errors=True)

    def _wait_for_instance(self, job: Job) -> End | None:
        """None as soon as there is one; an end where there will be none."""
        due = time.monotonic() + self._settings.start_delay
        while True:
            if end := self._end_of_waiting(job):
                return end
            wait = due - time.monotonic()
            if wait <= 0:
                if self._outcomes.take(job.name, {"capacity"}):
                    return End("Failed", failure=BEFORE_START["capacity"])
                if self._slots.enter(job.name, self._settings.slots):
                    return None
                self._store.move(job, "Pending")
                wait = SECONDS_BETWEEN_LOOKS
            job.wake.wait(wait)
            job.wake.clear()

    def _end_of_waiting(self, job: Job) -> End | None:
        if self._closing.is_set() or job.status == "Stopping":
            return End("Stopped")
        if job.max_wait is not None and time.time() > job.max_wait:
            return End("Stopped", "MaxWaitTimeExceeded")
        return None
