"""What training jobs print, from CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.aws.client import client, faults

GROUP = "/aws/sagemaker/TrainingJobs"
# CloudWatch takes a while to show what was written; what comes late is looked for so far back.
LATE_MS = 120_000


@dataclass(frozen=True)
class Line:
    """`time`: milliseconds since the epoch, as the service has it."""

    job: str
    time: int
    text: str


@dataclass
class LogReader:
    """New lines of all jobs whose names start alike, by one call (or as many as pages take) for all of them.

    Args:
        prefix: start of the jobs' names.
    """

    prefix: str
    _client: Any = field(default_factory=lambda: client("logs"), repr=False)
    _since: int = 0
    _seen: dict[str, int] = field(default_factory=dict, repr=False)

    def read(self) -> Sequence[Line]:
        """Lines that were not returned before, in the order of their times."""
        found = []
        for event in self._events():
            job = event["logStreamName"].partition("/")[0]
            if event["eventId"] not in self._seen and job.startswith(self.prefix):
                self._seen[event["eventId"]] = event["timestamp"]
                found.append(Line(job, event["timestamp"], event["message"].rstrip("\n")))
        newest = max(self._seen.values(), default=0)
        self._since = max(0, newest - LATE_MS)
        self._seen = {name: time for name, time in self._seen.items() if time >= self._since}
        return sorted(found, key=lambda line: line.time)

    def _events(self) -> Iterator[Any]:
        token: dict[str, str] = {}
        while True:
            with faults("logs"):
                try:
                    page = self._client.filter_log_events(
                        logGroupName=GROUP, logStreamNamePrefix=self.prefix, startTime=self._since, **token
                    )
                except self._client.exceptions.ResourceNotFoundException:
                    return  # nothing was ever printed in this account and region
            yield from page["events"]
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}
