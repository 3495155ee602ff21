"""Jobs of another launcher are told by pid and start time; where jobs import from."""

from __future__ import annotations

import os

import psutil
import pytest

from harness.jobdir import JobDir, write_json
from harness.runtime.process import CODE, ProcessRuntime
from harness.runtime.protocol import JobState, Limits

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


@pytest.mark.parametrize("callers", [["/of/the caller", "/another"], []])
def test_scripts_import_from_where_the_caller_does(tmp_path, monkeypatch, callers):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(callers))
    request = ProcessRuntime(tmp_path).request("job", tmp_path / "job", {}, Limits())
    assert request.environment["PYTHONPATH"].split(os.pathsep) == [str(CODE), *callers]
