"""Training jobs: created once, looked at in one call for all, stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.aws.client import client, faults
from harness.aws.contract import problems
from harness.errors import EnvironmentFault, UsageError

ENDED = {"Completed", "Failed", "Stopped", "Deleting"}
PAGE = 100
OUR_TAG = "hpo-harness"
# How a job's reason starts that AWS could not place, and those of the service's own faults.
CAPACITY = "CapacityError"
SERVICE_FAULTS = ("InternalServerError", "ClientError: Unable to provision")


class QuotaFull(EnvironmentFault):
    """The account may hold no more instances of the type at this time; waiting helps."""


@dataclass(frozen=True)
class Summary:
    """A training job as a list shows it. Times in seconds since the epoch; `ended` None while it runs."""

    name: str
    status: str
    created: float
    ended: float | None

    @property
    def running(self) -> bool:
        return self.status not in ENDED


@dataclass(frozen=True)
class Details:
    """What only a look at the single job tells.

    Attributes:
        billable: seconds that are charged, None while that is not known.
    """

    name: str
    status: str
    reason: str
    instance_type: str
    billable: int | None
    seconds: int | None
    secondary: str

    @property
    def lacks_capacity(self) -> bool:
        return self.status == "Failed" and CAPACITY in self.reason

    @property
    def service_fault(self) -> bool:
        """Whether SageMaker itself failed, so that another attempt may well succeed."""
        return self.status == "Failed" and self.reason.startswith(SERVICE_FAULTS)


class TrainingJobs:
    """The training jobs of the caller's account and region. Methods raise EnvironmentFault for what AWS refuses."""

    def __init__(self) -> None:
        self._client: Any = client("sagemaker")

    @property
    def region(self) -> str:
        name: str = self._client.meta.region_name
        return name

    def create(self, request: Mapping[str, Any]) -> bool:
        """Create the job of the request; whether it is new. False where this very job was created before.

        Raises UsageError for what SageMaker's own model of the request forbids, QuotaFull where the account's limit of
        instances is reached.
        """
        wrong = problems("CreateTrainingJob", dict(request))
        if wrong:
            raise UsageError([f"{request['TrainingJobName']}: {problem}" for problem in wrong])
        from botocore.exceptions import ClientError

        name = request["TrainingJobName"]
        with faults(f"the training job {name}"):
            try:
                self._client.create_training_job(**request)
            except ClientError as error:
                code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
                if code == "ResourceLimitExceeded":
                    raise QuotaFull(f"{name}: {message}") from error
                if code == "ResourceInUse" and self._is_ours(name, request):
                    return False
                raise
        return True

    def _is_ours(self, name: str, request: Mapping[str, Any]) -> bool:
        """Whether the job of that name writes to the same place: then it is the one that was asked for."""
        found = self._client.describe_training_job(TrainingJobName=name)
        return bool(found.get("CheckpointConfig") == request["CheckpointConfig"])

    def list(self, contains: str) -> Iterator[Summary]:
        """All jobs whose names contain the text, newest first, by as few calls as pages of 100 take."""
        token: dict[str, str] = {}
        while True:
            with faults("a list of training jobs"):
                found = self._client.list_training_jobs(
                    NameContains=contains, MaxResults=PAGE, SortBy="CreationTime", SortOrder="Descending", **token
                )
            for item in found["TrainingJobSummaries"]:
                end = item.get("TrainingEndTime") or (
                    item.get("LastModifiedTime") if item["TrainingJobStatus"] in ENDED else None
                )
                yield Summary(
                    item["TrainingJobName"],
                    item["TrainingJobStatus"],
                    item["CreationTime"].timestamp(),
                    None if end is None else end.timestamp(),
                )
            if not found.get("NextToken"):
                return
            token = {"NextToken": found["NextToken"]}

    def describe(self, name: str) -> Details:
        with faults(f"a look at the training job {name}"):
            found = self._client.describe_training_job(TrainingJobName=name)
        return Details(
            name,
            found["TrainingJobStatus"],
            found.get("FailureReason", ""),
            found["ResourceConfig"].get("InstanceType", ""),
            found.get("BillableTimeInSeconds"),
            found.get("TrainingTimeInSeconds"),
            found.get("SecondaryStatus", ""),
        )

    def stop(self, name: str) -> None:
        """Ask the job to end; nothing where it has ended, or never was."""
        from botocore.exceptions import ClientError

        with faults(f"the end of the training job {name}"):
            try:
                self._client.stop_training_job(TrainingJobName=name)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
                    raise


def common_part(names: Sequence[str]) -> str:
    """The longest start that all names share, by which one call lists them all."""
    if not names:
        return ""
    low, high = min(names), max(names)
    length = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return low[:length]
