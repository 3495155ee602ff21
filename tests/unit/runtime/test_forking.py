"""Jobs that are forked from the launching process: as those that are started anew."""

from __future__ import annotations

import json
import os
import time

import pytest

from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.runtime.process import ProcessRuntime
from harness.runtime.protocol import JobState, Limits
from tests.fakes.tables import curves, write_table


def submitted(runtime, root, name, table, **settings):
    raw = Raw({"benchmark_name": "table", "table": str(table), "backend": "simulated", **settings})
    (job,) = build(raw, 3).jobs()
    folder = root / name
    folder.mkdir()
    write_job(JobDir(folder), job)
    runtime.submit(runtime.request(name, folder, {}, Limits()))
    return folder


def ended(runtime, name, seconds=60.0):
    deadline = time.monotonic() + seconds
    while runtime.poll([name])[name] is JobState.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return runtime.poll([name])[name]


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "t.parquet", curves())


def test_a_forked_job_is_as_one_started_anew(tmp_path, table):
    records = {}
    for forks in (False, True):
        root = tmp_path / str(forks)
        root.mkdir()
        runtime = ProcessRuntime(root, forks=forks)
        here, descriptors = os.getcwd(), len(os.listdir("/proc/self/fd"))
        folder = submitted(runtime, root, "job", table, num_trials=5)
        assert ended(runtime, "job") is JobState.ENDED
        runtime.collect("job", folder)
        assert (os.getcwd(), len(os.listdir("/proc/self/fd"))) == (here, descriptors)
        assert "5 trials completed" in JobDir(folder).log.read_text()
        records[forks] = [JobDir(folder).events.read_bytes(), JobDir(folder).results.read_bytes()]
    assert records[False] == records[True]


def test_a_forked_job_fails_and_is_cancelled_as_others(tmp_path, table):
    runtime = ProcessRuntime(tmp_path, forks=True)
    broken = submitted(runtime, tmp_path, "broken", table, num_trials=5)
    table.write_bytes(b"no table")
    assert ended(runtime, "broken") is JobState.ENDED
    assert json.loads(JobDir(broken).status.read_text())["state"] == "failed"
    table = write_table(tmp_path / "u.parquet", curves())
    endless = submitted(runtime, tmp_path, "endless", table, scheduler_timeout=1e9)
    while not JobDir(endless).status.exists():
        time.sleep(0.02)
    runtime.cancel("endless")
    assert json.loads(JobDir(endless).status.read_text())["state"] == "stopped"
    runtime.close()
