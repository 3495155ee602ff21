"""`job.json`, read back."""

import pytest

from harness.jobdir import JobDir
from harness.plan.job import Job, read_job, write_job

JOB = Job(3, "c0ffee", "name-1", {"run_id": 0, "random_seed": 5, "random_seed_offset": 5}, {"run_id": "default"})


def test_a_job_is_read_back(tmp_path):
    write_job(JobDir(tmp_path), JOB)
    assert read_job(JobDir(tmp_path)) == JOB


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "job.json holds no job"),
        ("null", "job.json holds no job"),
        ('{"sche', "job.json cannot be read: "),
        ('{"schema": 99}', "job.json: schema 99 is not known to this version"),
        (
            '{"schema": 1, "index": 0, "job_id": "a", "tuner_name": 5, "settings": {}}',
            "job.json holds no job: tuner_name",
        ),
        ('{"schema": 1, "index": 0, "settings": {}}', "job.json holds no job: it lacks job_id, tuner_name"),
    ],
)
def test_what_is_no_job_is_named(tmp_path, text, message):
    folder = JobDir(tmp_path)
    folder.job.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_job(folder)


def test_a_folder_without_a_job_is_named(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ValueError, match="is no job folder"):
            read_job(JobDir(folder))
