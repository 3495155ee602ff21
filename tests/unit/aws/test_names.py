"""Names that SageMaker takes, whatever the experiment is called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.aws.jobs import common_part
from harness.aws.names import experiment_key, split_uri, training_job_name, trial_stem

PATTERN = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
PREFIXES = st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,38}", fullmatch=True).filter(lambda text: len(text) <= 39)
STAMP = "-2021-07-02-10-04-37-233"


@given(PREFIXES, st.integers(0, 999_999), st.integers(0, 9999))
def test_names_of_trials_fit_and_start_alike(prefix, trial, leg):
    tuner_name = prefix + STAMP
    name = f"{trial_stem(tuner_name)}-{trial}" + (f"-{leg}" if leg else "")
    assert PATTERN.fullmatch(name)
    assert STAMP in name


@given(PREFIXES, st.integers(2, 99))
def test_names_of_attempts_fit_and_keep_the_date(prefix, attempt):
    name = training_job_name(prefix + STAMP, f"-r{attempt}")
    assert PATTERN.fullmatch(name)
    assert name.endswith(f"{STAMP}-r{attempt}")


def test_the_first_attempt_has_the_name_of_the_experiment():
    assert training_job_name("height" + STAMP) == "height" + STAMP


def test_results_lie_where_the_seed_says():
    assert experiment_key("height", "height" + STAMP) == f"syne-tune/height/height{STAMP}/"
    assert experiment_key("height", "height" + STAMP, subdirectory=False) == f"syne-tune/height{STAMP}/"


@pytest.mark.parametrize("text", ["bucket/key", "https://bucket/key", "s3://", ""])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="no address in S3"):
        split_uri(text)


@given(st.lists(st.text("abc-", max_size=6)))
def test_all_names_start_with_their_common_part(names):
    part = common_part(names)
    assert all(name.startswith(part) for name in names)
    if names and part != min(names):
        assert len({name[: len(part) + 1] for name in names}) > 1
