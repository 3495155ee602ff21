"""Where on AWS jobs run: what they need there, checked, made, pushed or uploaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.prepare import DataFinder, Say, check_image
from harness.dispatch.todo import Planned
from harness.errors import UsageError
from harness.plan.build import Plan
from harness.plan.experiment import ExperimentOptions, experiment_options
from harness.plan.job import Job
from harness.registry import did_you_mean

if TYPE_CHECKING:
    from harness.aws.placement import Placement


def check_requests(jobs: Sequence[Job]) -> None:
    """UsageError for what AWS would refuse of a job's request, before anything is made, uploaded or launched."""
    from harness.aws.contract import problems, values
    from harness.aws.placement import Placement
    from harness.runtime.sagemaker import job_request, placed

    known = values("CreateTrainingJob", "ResourceConfig", "InstanceType")
    found: dict[str, None] = {}
    for job in jobs:
        options = experiment_options(job.settings)
        types = [("instance_type", options.trial_instance), ("tuner_instance_type", options.tuner_instance)]
        types += [("fallback_instance_types", name) for name in options.fallback_instances]
        for setting, name in types:
            if name not in known:
                found[f"{setting} = {name}: AWS has no such type{did_you_mean(name, known)}"] = None
        if not found:
            anywhere = replace(Placement(**placeholder({}), channels={}), image=options.image_uri or "IMAGE")
            request = job_request(placed(job, anywhere, attempt=1))
            found |= dict.fromkeys(problems("CreateTrainingJob", request))
    if found:
        raise UsageError(list(found))


def placeholder(settings: Mapping[str, Any]) -> dict[str, str]:
    """A placement for looking at requests before there is an account to ask."""
    return {
        "region": "REGION",
        "account": "111122223333",
        "role": str(settings.get("sagemaker_execution_role", "arn:aws:iam::111122223333:role/ROLE")),
        "bucket": str(settings.get("s3_bucket", "BUCKET")),
        "image": str(settings.get("image_uri", "IMAGE")),
        "code": f"s3://{settings.get('s3_bucket', 'BUCKET')}/hpo-harness/code/DIGEST/",
    }


class Placer:
    """Where on AWS the jobs of a plan run. What they need there is made, pushed or uploaded once.

    Args:
        data_of: folders on this machine of the data sets that a job reads.
        own_image: some of it runs in this project's image, which is then pushed.
    """

    def __init__(self, plan: Plan, todo: Sequence[Planned], data_of: DataFinder, say: Say, *, own_image: bool) -> None:
        from harness.aws.placement import place
        from harness.aws.s3 import Bucket

        options = experiment_options(todo[0].job.settings)
        self._say = say
        self._data_of = data_of
        for planned in todo:
            self._data_of(planned.job)
        if own_image:
            check_image(plan, trials=options.image_uri is None and options.framework is None)
        # Without one of our own, all runs in the image that was named.
        placement = place(options, lambda: _pushed(say) if own_image else options.image_uri or "", say)
        self.placement = replace(placement, trial_image=_trial_image(options, placement.region))
        self.bucket = Bucket(placement.bucket, options.kms_key)
        self._uploaded: dict[tuple[tuple[str, Path], ...], dict[str, str]] = {}

    def __call__(self, job: Job) -> Placement:
        from harness.aws.placement import upload
        from harness.tuner.assemble import load_benchmark

        data = self._data_of(job)
        key = tuple(sorted(data.items()))
        if key not in self._uploaded:
            needs = load_benchmark(job.settings).data
            files = {argument: needs[argument].files_in(folder) for argument, folder in data.items()}
            self._uploaded[key] = upload(data, files, self.bucket, self._say)
        return replace(self.placement, channels=self._uploaded[key])


def _trial_image(options: ExperimentOptions, region: str) -> str:
    """Of trials that are jobs of their own; "" for the image of the loop."""
    from harness.aws.images import framework_image

    if options.image_uri is not None or options.framework is None:
        return options.image_uri or ""
    return framework_image(
        options.framework, options.framework_version, options.trial_instance, region, options.pytorch_version
    )


def _pushed(say: Say) -> str:
    from harness.runtime.push import push_image

    return push_image(say=say).by_digest
