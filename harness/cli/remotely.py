"""Launching a plan on SageMaker: shared by `remote` and `launch`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from harness.cli.prepare import DataFinder, Say, check_image, revision
from harness.cli.running import job_label
from harness.dispatch.todo import Planned
from harness.errors import UsageError
from harness.jobdir import SweepDir
from harness.ledger.journal import Journal
from harness.plan.build import Plan
from harness.plan.experiment import ExperimentOptions
from harness.plan.job import Job
from harness.plan.price import Estimate, Prices, estimate, read_prices
from harness.registry import did_you_mean
from harness.tuner.interruption import Interruption

if TYPE_CHECKING:
    from harness.aws.placement import Placement

CONSOLE = "https://{region}.console.aws.amazon.com/sagemaker/home?region={region}#/jobs/{name}"
SHOWN_LINKS = 10


def register_remote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        action="store_true",
        help="on SageMaker: stay until all experiments have ended, submit again what AWS had no capacity for, and "
        "bring the results home",
    )
    parser.add_argument(
        "--poll_seconds", type=float, default=10.0, metavar="S", help="seconds between two looks at SageMaker [10]"
    )


def launch_remotely(
    plan: Plan, todo: Sequence[Planned], sweep: SweepDir, journal: Journal, args: argparse.Namespace, console: Console
) -> int:
    """Launch the jobs; exit code. EnvironmentFault or UsageError before the first, where something is lacking."""
    from harness.dispatch.mirror import Mirror
    from harness.dispatch.remote import RemoteLauncher, Rules
    from harness.runtime.sagemaker import NAME, SageMakerRuntime, options_of

    say = sayer(console)
    check_requests([one.job for one in todo])
    check_budget(plan, [one.job for one in todo if not one.open], read_prices(args.prices), say)
    options = options_of(todo[0].job)
    placement_of = Placer(plan, todo, say, own_image=options.image_uri is None or options.backend == "sagemaker")
    bucket = placement_of.bucket
    runtime = SageMakerRuntime(bucket)
    with Interruption() as interruption:
        launcher = RemoteLauncher(
            sweep=sweep,
            journal=journal,
            runtime=runtime,
            mirror=Mirror(bucket, runtime),
            launch={"runtime": NAME, **revision()},
            placement_of=placement_of,
            say=say,
            label_of=lambda job: job_label(plan, job),
            interruption=interruption,
            rules=Rules(args.wait, args.poll_seconds),
        )
        left = launcher.run(todo)
        interrupted = interruption() is not None
    _say_how_to_go_on(plan, launcher.accepted, placement_of.placement, say)
    if left:
        say(f"{len(left)} experiments were not launched")
    if interrupted:
        return 130
    return 0 if all(state == "completed" for state in launcher.states.values()) else 1


def sayer(console: Console) -> Say:
    return lambda line: console.print(line, soft_wrap=True, markup=False, highlight=False)


def trials_on_sagemaker(plan: Plan, todo: Sequence[Planned], args: argparse.Namespace, say: Say) -> list[Planned]:
    """The jobs with their place on AWS, for a loop that runs here and has its trials there."""
    from harness.runtime.sagemaker import options_of

    check_requests([one.job for one in todo])
    check_budget(plan, [one.job for one in todo], read_prices(args.prices), say, remote=False)
    options = options_of(todo[0].job)
    own = options.image_uri is None and options.framework is None
    placement_of = Placer(plan, todo, say, own_image=own)
    return [replace(one, job=replace(one.job, placement=placement_of(one.job).record())) for one in todo]


class Placer:
    """Where on AWS the jobs of a plan run. What they need there is made, pushed or uploaded once.

    Args:
        own_image: some of it runs in this project's image, which is then pushed.
    """

    def __init__(self, plan: Plan, todo: Sequence[Planned], say: Say, *, own_image: bool) -> None:
        from harness.aws.placement import place
        from harness.aws.s3 import Bucket
        from harness.runtime.sagemaker import options_of

        options = options_of(todo[0].job)
        self._say = say
        self._data_of = DataFinder(say)
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


def check_requests(jobs: Sequence[Job]) -> None:
    """UsageError for what AWS would refuse of a job's request, before anything is made, uploaded or launched."""
    from harness.aws.contract import problems, values
    from harness.aws.placement import Placement
    from harness.runtime.sagemaker import job_request, options_of, placed

    known = values("CreateTrainingJob", "ResourceConfig", "InstanceType")
    found: dict[str, None] = {}
    for job in jobs:
        options = options_of(job)
        types = [("instance_type", options.trial_instance), ("tuner_instance_type", options.tuner_instance)]
        types += [("fallback_instance_types", name) for name in (options.fallback_instance_types or "").split()]
        for setting, name in types:
            if name not in known:
                found[f"{setting} = {name}: AWS has no such type{did_you_mean(name, known)}"] = None
        if not found:
            anywhere = replace(Placement(**placeholder({}), channels={}), image=options.image_uri or "IMAGE")
            request = job_request(placed(job, anywhere, attempt=1))
            found |= dict.fromkeys(problems("CreateTrainingJob", request))
    if found:
        raise UsageError(list(found))


def check_budget(plan: Plan, jobs: Sequence[Job], prices: Prices, say: Say, *, remote: bool = True) -> None:
    """Say what the jobs cost at most. UsageError where that is above the sweep's `budget_usd`, or cannot be known."""
    found = estimate(jobs, prices, remote=remote)
    for line in price_lines(found, prices):
        say(line)
    budget = plan.raw.values.get("budget_usd")
    if budget is None:
        return
    hint = "lower scheduler_timeout or max_run_seconds, launch fewer experiments, or raise budget_usd"
    if found.unknown:
        raise UsageError(
            f"budget_usd = {budget}: the price of {', '.join(found.unknown)} is not known; give --prices FILE"
        )
    if found.usd > float(budget):
        raise UsageError(f"budget_usd = {budget}: these experiments may cost up to USD {found.usd:.2f}; {hint}")


def price_lines(found: Estimate, prices: Prices) -> list[str]:
    lines = []
    for name, (instances, hours, usd) in found.rows.items():
        cost = "price unknown" if usd is None else f"USD {usd:.2f}"
        lines.append(f"  {name}: {instances} at once at most, {hours:.1f} hours at most, {cost}")
    total = f"at most USD {found.usd:.2f}" + (f" and {', '.join(found.unknown)}" if found.unknown else "")
    return [*lines, f"cost: {total} (prices: {prices.source})"] if lines else []


def _say_how_to_go_on(plan: Plan, accepted: Sequence[Job], placement: Placement, say: Say) -> None:
    if not accepted:
        return
    for job in accepted[:SHOWN_LINKS]:
        say(CONSOLE.format(region=placement.region, name=job.launch["training_job"]))
    if len(accepted) > SHOWN_LINKS:
        say(f"... and {len(accepted) - SHOWN_LINKS} more")
    name = shlex.quote(plan.experiment_name)
    say(f"follow:  python -m harness status {name} --watch   or   python -m harness logs {name} -f")
    say(f"results: python -m harness collect {name}")
    say(f"   also: {sync_command(plan.experiment_name, placement.bucket)}")


def sync_command(experiment_name: str, bucket: str) -> str:
    """What brings home all that analysis needs, without us."""
    from harness.aws.names import experiments_prefix

    prefix = experiments_prefix(experiment_name)
    wanted = ("*metadata.json", "*results.csv.zip")
    words = ["aws", "s3", "sync", f"s3://{bucket}/{prefix}", f"~/{prefix}", "--exclude", '"*"']
    return " ".join([*words, *(word for name in wanted for word in ("--include", f'"{name}"'))])


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
