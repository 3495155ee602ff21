"""Jobs as the service shows them: one in full, or pages of summaries."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from harness.emulator.jobs import Job
from harness.emulator.refusal import invalid
from harness.emulator.settings import Settings

DEFAULT_PAGE = 10
SORT_KEYS: Mapping[str, Callable[[Job], Any]] = {
    "Name": lambda job: job.name,
    "CreationTime": lambda job: job.created,
    "Status": lambda job: job.status,
}
BOUNDS: Mapping[str, Callable[[Job, Any], bool]] = {
    "CreationTimeAfter": lambda job, bound: job.created > bound,
    "CreationTimeBefore": lambda job, bound: job.created < bound,
    "LastModifiedTimeAfter": lambda job, bound: job.modified > bound,
    "LastModifiedTimeBefore": lambda job, bound: job.modified < bound,
    "NameContains": lambda job, text: text in job.name,
    "StatusEquals": lambda job, status: job.status == status,
}


def description(job: Job, settings: Settings) -> dict[str, Any]:
    """The answer of DescribeTrainingJob; times are epoch seconds, durations whole seconds, rounded up."""
    shown = {**job.request, **summary(job), "SecondaryStatusTransitions": list(job.transitions)}
    if job.started is not None:
        shown["TrainingStartTime"] = job.started
    if job.failure:
        shown["FailureReason"] = job.failure
    if job.model:
        shown["ModelArtifacts"] = {"S3ModelArtifacts": job.model}
    if job.ended is not None and job.started is not None:
        price = settings.spot_price if job.spot else 1.0
        shown["TrainingTimeInSeconds"] = math.ceil(job.trained)
        shown["BillableTimeInSeconds"] = math.ceil(job.trained * price)
    if job.metrics:
        shown["FinalMetricDataList"] = [
            {"MetricName": name, "Value": value, "Timestamp": when} for name, (value, when) in list(job.metrics.items())
        ]
    return shown


def summary(job: Job) -> dict[str, Any]:
    """One entry of ListTrainingJobs."""
    shown = {
        "TrainingJobName": job.name,
        "TrainingJobArn": job.arn,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "TrainingJobStatus": job.status,
        "SecondaryStatus": job.secondary,
    }
    return shown if job.ended is None else {**shown, "TrainingEndTime": job.ended}


def page(jobs: list[Job], request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of ListTrainingJobs. A token names the last job of its page, so that new jobs shift nothing."""
    key = SORT_KEYS[request.get("SortBy", "CreationTime")]
    down = request.get("SortOrder", "Ascending") == "Descending"
    asked = [(holds, request[name]) for name, holds in BOUNDS.items() if name in request]
    places = [([key(job), job.name], job) for job in jobs if all(holds(job, bound) for holds, bound in asked)]
    places.sort(key=lambda place: place[0], reverse=down)
    if "NextToken" in request:
        last = _place(request["NextToken"])
        places = [(place, job) for place, job in places if (place < last if down else place > last)]
    size = request.get("MaxResults", DEFAULT_PAGE)
    answer: dict[str, Any] = {"TrainingJobSummaries": [summary(job) for _, job in places[:size]]}
    if len(places) > size:
        answer["NextToken"] = base64.urlsafe_b64encode(json.dumps(places[size - 1][0]).encode()).decode()
    return answer


def _place(token: str) -> list[Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise invalid("NextToken: not one of ours") from error
    if not isinstance(place, list):
        raise invalid("NextToken: not one of ours")
    return place
