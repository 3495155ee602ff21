"""Which experiments on SageMaker a command is about: a manifest's, or those of a name, also from another machine."""

from __future__ import annotations

import argparse
import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.source import Source, read_source
from harness.cli.values import nonempty
from harness.errors import UsageError
from harness.jobdir import JobDir, results_root

if TYPE_CHECKING:
    from harness.aws.s3 import Bucket
    from harness.dispatch.mirror import Mirror, RemoteJob


def register_remote_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        type=nonempty,
        metavar="WHAT",
        help="manifest (.yaml), experiment_name or name of one experiment; any machine's",
    )
    parser.add_argument("--vars", default="", metavar='"K=V ..."', help="variables of the manifest's template")
    parser.add_argument("--s3_bucket", help="bucket to look in [sagemaker-REGION-ACCOUNT]")


@dataclass(frozen=True)
class Remote:
    """Experiments on SageMaker, and what they are looked at by."""

    jobs: Sequence[RemoteJob]
    mirror: Mirror
    bucket: Bucket


def find_remote(what: str, variables: str, bucket: str | None) -> Remote:
    """UsageError where there is no such experiment, EnvironmentFault where AWS cannot be asked."""
    from harness.aws.account import bucket as bucket_name
    from harness.aws.account import caller
    from harness.dispatch.mirror import found_in

    if what.endswith((".yaml", ".yml")):
        source = read_source(argparse.Namespace(manifest=Path(what), vars=variables, given={}))
        if (remote := remote_of(folders_of(source), bucket)) is not None:
            return remote
        name, here = source.plan.experiment_name, None
    else:
        name, here = what, remote_of(_of_name(what), bucket)
    store = here.bucket if here is not None else _bucket(bucket_name(bucket, caller(), make=False))
    root = results_root()
    there = found_in(store, name, lambda tuner_name: JobDir(root / tuner_name))
    jobs = {one.job.tuner_name: one for one in [*(here.jobs if here is not None else ()), *there]}
    if not jobs:
        hint = f"launched elsewhere? looked into s3://{store.name}/; --s3_bucket names another"
        raise UsageError(f"no experiment '{what}' on SageMaker ({hint})")
    return _remote(store, list(jobs.values()))


def folders_of(source: Source) -> list[JobDir]:
    return [source.sweep.job(record.tuner_name) for record in source.state.jobs.values()]


def remote_of(folders: Iterable[JobDir], bucket: str | None = None) -> Remote | None:
    """Those of the experiments that are on SageMaker, None where none is."""
    from harness.dispatch.mirror import remote_job

    jobs = [job for folder in folders if (job := remote_job(folder)) is not None]
    name = bucket or (jobs[0].place[0] if jobs else "")
    jobs = [job for job in jobs if job.place[0] == name]
    return _remote(_bucket(name), jobs) if jobs else None


def _bucket(name: str) -> Bucket:
    from harness.aws.s3 import Bucket

    return Bucket(name)


def _remote(store: Bucket, jobs: Sequence[RemoteJob]) -> Remote:
    from harness.dispatch.mirror import Mirror
    from harness.runtime.sagemaker import SageMakerRuntime

    return Remote(jobs, Mirror(store, SageMakerRuntime(store)), store)


def _of_name(name: str) -> list[JobDir]:
    """Those that lie here, of an experiment_name or of a single experiment."""
    from harness.dispatch.mirror import remote_job

    root = results_root()
    if "/" in name:
        raise UsageError(f"'{name}' is no name of an experiment")
    folders = [JobDir(path) for path in sorted(root.glob(f"{glob.escape(name)}*")) if path.is_dir()]
    return [folder for folder in folders if (one := remote_job(folder)) is not None and one.is_of(name)]
