"""Which experiments on SageMaker a command is about: a manifest's, or those of a name, also from another machine."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.source import read_source
from harness.errors import EnvironmentFault, UsageError
from harness.jobdir import JobDir, SweepDir, results_root
from harness.ledger.journal import Journal
from harness.ledger.state import fold

if TYPE_CHECKING:
    from harness.aws.s3 import Bucket
    from harness.dispatch.mirror import Mirror, RemoteJob


def register_remote_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="WHAT", help="manifest (.yaml), experiment_name or name of one experiment; any machine's"
    )
    parser.add_argument("--vars", default="", metavar='"K=V ..."', help="variables of the manifest's template")
    parser.add_argument("--s3_bucket", help="bucket to look in [sagemaker-REGION-ACCOUNT]")


@dataclass(frozen=True)
class Remote:
    """Experiments on SageMaker, and what they are looked at by."""

    jobs: Sequence[RemoteJob]
    mirror: Mirror
    bucket: Bucket


def find_remote(what: str, variables: str, bucket: str | None, folders: Sequence[JobDir] | None = None) -> Remote:
    """UsageError where there is no such experiment, EnvironmentFault where AWS cannot be asked.

    Args:
        folders: of the experiments on this machine, where they are known.
    """
    from harness.aws.account import bucket as bucket_name
    from harness.aws.account import caller
    from harness.aws.s3 import Bucket
    from harness.dispatch.mirror import Mirror, found_in, remote_job
    from harness.runtime.sagemaker import SageMakerRuntime

    root = results_root()
    if folders is None:
        folders = _of_manifest(Path(what), variables) if what.endswith((".yaml", ".yml")) else _of_record(what)
    jobs = [job for folder in folders if (job := remote_job(folder)) is not None]
    if jobs:
        name = bucket or jobs[0].place[0]
        store = Bucket(name)
    else:
        store = Bucket(bucket or bucket_name(None, caller()))
        name = Path(what).stem if what.endswith((".yaml", ".yml")) else what
        jobs = found_in(store, name, lambda tuner_name: JobDir(root / tuner_name))
    if not jobs:
        hint = f"launched elsewhere? looked into s3://{store.name}/; --s3_bucket names another"
        raise UsageError(f"no experiment '{what}' on SageMaker ({hint})")
    return Remote(jobs, Mirror(store, SageMakerRuntime(store)), store)


def _of_manifest(path: Path, variables: str) -> list[JobDir]:
    source = read_source(argparse.Namespace(manifest=path, vars=variables, given={}))
    return [source.sweep.job(record.tuner_name) for record in source.state.jobs.values()]


def _of_record(name: str) -> list[JobDir]:
    """Of a sweep that was launched from here, or of one experiment that lies here."""
    root = results_root()
    if "/" in name:
        raise EnvironmentFault(f"'{name}' is no name of an experiment")
    sweep = SweepDir(root, name)
    records = fold(Journal(sweep.journal).entries()).jobs.values()
    if records:
        return [sweep.job(record.tuner_name) for record in records]
    if (root / name).is_dir():
        return [JobDir(root / name)]
    return [JobDir(path) for path in sorted(root.glob(f"{name}-*")) if path.is_dir()] if root.is_dir() else []
