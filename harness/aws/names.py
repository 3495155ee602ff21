"""Names on AWS: of training jobs, and of where their files lie."""

from __future__ import annotations

import re

# What SageMaker allows for a training job's name.
MAX_NAME = 63
# "-2021-07-02-10-04-37-233", by which names are told apart.
STAMP = 24
_STAMPED = re.compile(r"(?P<prefix>.+)-\d{4}(-\d\d){5}-\d{3}")
# For "-123456-1234" behind it.
TRIAL_ROOM = 12


def training_job_name(tuner_name: str, suffix: str = "") -> str:
    """Name of a training job of the experiment; where it is too long, its prefix is cut, never its date.

    Args:
        suffix: "-r2" for the second attempt.
    """
    excess = max(0, len(tuner_name) + len(suffix) - MAX_NAME)
    prefix, stamp = tuner_name[:-STAMP], tuner_name[-STAMP:]
    if excess:
        prefix = prefix[:-excess].rstrip("-") or "x"
    return f"{prefix}{stamp}{suffix}"


def trial_stem(tuner_name: str) -> str:
    """How the names of all trials' training jobs start, "-{trial}" and "-{n}" after the n-th resume behind it."""
    return training_job_name(tuner_name, "-" * TRIAL_ROOM)[:-TRIAL_ROOM]


def experiments_prefix(experiment_name: str) -> str:
    """Key under which all experiments of that name lie in the bucket; "" for those without a folder of their own."""
    return f"syne-tune/{experiment_name}/" if experiment_name else "syne-tune/"


def experiment_key(experiment_name: str, tuner_name: str, *, subdirectory: bool = True) -> str:
    """Key of an experiment's results in the bucket, with its slash at the end."""
    return f"{experiments_prefix(experiment_name if subdirectory else '')}{tuner_name}/"


def prefix_of(tuner_name: str) -> str | None:
    """What stands before the date, None where the name has none. Of a long experiment_name it is the beginning."""
    found = _STAMPED.fullmatch(tuner_name)
    return found["prefix"] if found else None


def split_uri(uri: str) -> tuple[str, str]:
    """("bucket", "key") of "s3://bucket/key". ValueError for anything else."""
    scheme, found, rest = uri.partition("s3://")
    if scheme or not found or not rest:
        raise ValueError(f"'{uri}' is no address in S3 (s3://BUCKET/KEY)")
    bucket, _, key = rest.partition("/")
    return bucket, key
