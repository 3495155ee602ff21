"""A full disk, a read-only one, a clock that jumps back: a clear message, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import time

import pandas as pd
import pytest

from harness.errors import EnvironmentFault
from harness.jobdir import JobDir
from harness.ledger.journal import read_lines
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.tuner.run_job import run_job

pytestmark = pytest.mark.usefixtures("fake_benchmarks")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of 2 MB; resize(megabytes) and read_only() change it."""

    class Disk:
        path = tmp_path / "disk"

        def mount(self, *options):
            command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(self.path)]
            return subprocess.run(command, capture_output=True).returncode == 0

        def resize(self, megabytes):
            assert self.mount("remount", "rw", f"size={megabytes}m")

        def read_only(self):
            assert self.mount("remount", "ro")

    disk = Disk()
    disk.path.mkdir()
    if os.getuid() != 0 or not disk.mount("size=2m"):
        pytest.skip("cannot mount a file system here")
    yield disk
    subprocess.run(["umount", "-l", str(disk.path)], check=True)


def prepare(path, **values):
    path.mkdir(parents=True, exist_ok=True)
    settings = {"num_trials": 2, "max_resource_level": 5, "num_workers": 1, "script": "heavy.py", **values}
    (job,) = build(Raw({"no_tuner_logging": True, **settings}), 5).jobs()
    write_job(JobDir(path), job)
    return JobDir(path)


def losses(folder):
    frame = pd.read_csv(folder.results)
    return frame[frame.loss.notna()][["trial_id", "epoch", "loss"]].reset_index(drop=True)


def test_a_full_disk_stops_the_experiment_and_it_goes_on_once_there_is_room(small_disk, tmp_path):
    folder = prepare(small_disk.path / "job")
    assert run_job(folder.path, {}) == EnvironmentFault.exit_code
    status = json.loads(folder.status.read_text())
    assert status["state"] == "stopped" and "No space left on device" in status["reason"]
    assert len(list(read_lines(folder.events))) >= 3
    small_disk.resize(20)
    assert run_job(folder.path, {}) == 0
    whole = prepare(tmp_path / "whole")
    assert run_job(whole.path, {}) == 0
    pd.testing.assert_frame_equal(losses(folder), losses(whole), check_dtype=False)


def test_a_disk_that_turns_read_only_is_named_and_nothing_is_lost(small_disk, capsys):
    folder = prepare(small_disk.path / "job", num_trials=1, max_resource_level=2)
    assert run_job(folder.path, {}) == 0
    before = {path: path.read_bytes() for path in folder.path.iterdir() if path.is_file()}
    small_disk.read_only()
    assert run_job(folder.path, {}) == EnvironmentFault.exit_code
    assert "Read-only file system" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.path.iterdir() if path.is_file()} == before


def test_a_clock_that_jumps_back_disturbs_nothing(tmp_path, monkeypatch):
    now = iter(range(2_000_000_000, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    folder = prepare(tmp_path, script="curve.py", scheduler_timeout=60.0)
    assert run_job(folder.path, {}) == 0
    times = [entry["at"] for entry in read_lines(folder.events)]
    assert times == sorted(times) and 0 <= times[-1] < 60
    assert len(losses(folder)) == 10
