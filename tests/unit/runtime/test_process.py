"""Jobs of another launcher are told by pid and start time."""

from __future__ import annotations

import os

import psutil
import pytest

from harness.jobdir import JobDir, write_json
from harness.runtime.process import ProcessRuntime
from harness.runtime.protocol import JobState

OWN = psutil.Process().create_time()


@pytest.mark.parametrize(
    "pid, created, state",
    # With ids: workers of pytest-xdist are processes of their own, but must find the same tests.
    [
        (os.getpid(), OWN, JobState.RUNNING),
        (os.getpid(), OWN - 5, JobState.LOST),
        (2**22 + 1, None, JobState.LOST),  # it was gone before its start time could be read
    ],
    ids=["still there", "its pid used again", "gone"],
)
def test_a_job_that_another_launcher_started(tmp_path, pid, created, state):
    (tmp_path / "job").mkdir()
    write_json(JobDir(tmp_path / "job").process, {"pid": pid, "created": created})
    assert ProcessRuntime(tmp_path).poll(["job"]) == {"job": state}
