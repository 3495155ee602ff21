"""The operations of SageMaker that the emulator has, and of Service Quotas those for SageMaker."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.aws.contract import problems
from harness.emulator.describe import description, page
from harness.emulator.jobs import Job, Store
from harness.emulator.refusal import Refusal, invalid
from harness.emulator.scope import beyond
from harness.emulator.settings import Settings

Body = dict[str, Any]


class SageMaker:
    """Args:
    launch: takes an accepted job and returns at once.
    """

    def __init__(self, store: Store, settings: Settings, launch: Callable[[Job], None]) -> None:
        self._store = store
        self._settings = settings
        self._launch = launch
        self._operations: Mapping[str, Callable[[Body], Body]] = {
            "CreateTrainingJob": self._create,
            "DescribeTrainingJob": lambda body: description(store.get(body["TrainingJobName"]), settings),
            "StopTrainingJob": self._stop,
            "ListTrainingJobs": self._list,
            "AddTags": self._add_tags,
            "ListTags": lambda body: {"Tags": _pairs(store.by_arn(body["ResourceArn"]).tags)},
            "DeleteTags": self._delete_tags,
        }

    def answer(self, operation: str, body: Body) -> Body:
        """Refusal for an operation that is not emulated and for what the service would refuse."""
        if operation not in self._operations:
            raise Refusal("UnknownOperationException", f"the emulator does not have SageMaker's {operation}")
        if found := problems(operation, body):
            raise invalid(f"{len(found)} validation errors detected: {'; '.join(found)}")
        return self._operations[operation](body)

    def _create(self, body: Body) -> Body:
        if found := beyond(body):
            raise invalid(f"the emulator does not have this: {'; '.join(found)}")
        for metric in body["AlgorithmSpecification"].get("MetricDefinitions", ()):
            try:
                re.compile(metric["Regex"])
            except re.error as error:
                raise invalid(f"MetricDefinitions: {metric['Name']}: {error}") from error
        job = self._store.create(body)
        self._launch(job)
        return {"TrainingJobArn": job.arn}

    def _stop(self, body: Body) -> Body:
        self._store.stop(self._store.get(body["TrainingJobName"]))
        return {}

    def _list(self, body: Body) -> Body:
        if "WarmPoolStatusEquals" in body:
            raise invalid("WarmPoolStatusEquals: the emulator has no warm pools")
        return page(self._store.all(), body)

    def _add_tags(self, body: Body) -> Body:
        job = self._store.by_arn(body["ResourceArn"])
        self._store.change_tags(job, {tag["Key"]: tag["Value"] for tag in body["Tags"]}, [])
        return {"Tags": _pairs(job.tags)}

    def _delete_tags(self, body: Body) -> Body:
        self._store.change_tags(self._store.by_arn(body["ResourceArn"]), {}, body["TagKeys"])
        return {}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
