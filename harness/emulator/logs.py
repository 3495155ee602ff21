"""Output of a job as lines of a log stream, and the metrics that its expressions find in them."""

from __future__ import annotations

import contextlib
import math
import re
import threading
import time
from collections.abc import Iterable
from typing import Any

from harness.emulator.jobs import Job

GROUP = "/aws/sagemaker/TrainingJobs"
# Of one PutLogEvents: 10,000 events and 1 MiB, of which each event takes 26 bytes beside its own.
MOST_EVENTS = 1000
MOST_BYTES = 900_000
EVENT_BYTES = 200_000


class LogStream:
    """The stream of one attempt of a job. `follow` runs in a thread of its own, `flush` wherever it is called."""

    def __init__(self, client: Any, job: Job) -> None:
        self._client = client
        self._job = job
        self._name = f"{job.name}/algo-1-{int(time.time())}"
        self._waiting: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        metrics = job.request["AlgorithmSpecification"].get("MetricDefinitions", ())
        self._metrics = [(metric["Name"], re.compile(metric["Regex"])) for metric in metrics]
        for make in (self._make_group, self._make_stream):
            with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
                make()

    def _make_group(self) -> None:
        self._client.create_log_group(logGroupName=GROUP)

    def _make_stream(self) -> None:
        self._client.create_log_stream(logGroupName=GROUP, logStreamName=self._name)

    def follow(self, lines: Iterable[str]) -> None:
        """Take lines to their end; they reach the service with `flush`, or when there are many."""
        for line in lines:
            for name, pattern in self._metrics:
                self._measure(name, pattern.search(line))
            # The service refuses empty messages.
            if line:
                with self._lock:
                    self._waiting.append({"timestamp": int(time.time() * 1000), "message": line[:EVENT_BYTES]})
                    many = len(self._waiting) >= MOST_EVENTS
                if many:
                    self.flush()

    def _measure(self, name: str, found: re.Match[str] | None) -> None:
        if found is None:
            return
        with contextlib.suppress(ValueError, IndexError, TypeError):
            value = float(found[1])
            if math.isfinite(value):
                self._job.metrics[name] = (value, time.time())

    def flush(self) -> None:
        with self._sending:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            while waiting:
                taken, size = 0, 0
                while taken < min(len(waiting), MOST_EVENTS) and (not taken or size < MOST_BYTES):
                    size += len(waiting[taken]["message"].encode()) + 26
                    taken += 1
                batch, waiting = waiting[:taken], waiting[taken:]
                self._client.put_log_events(logGroupName=GROUP, logStreamName=self._name, logEvents=batch)
