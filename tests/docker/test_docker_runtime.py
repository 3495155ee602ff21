"""Containers of jobs: whose files, what they may write, launched once, found again, ended with all their children."""

from __future__ import annotations

import json
import os
import time

import psutil
import pytest

from harness.errors import EnvironmentFault
from harness.jobdir import JobDir, write_json
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.results.status import read_status
from harness.runtime.bases import ROOT
from harness.runtime.docker import DockerRuntime
from harness.runtime.protocol import JobState, Limits

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

# As root: a user that no file of the image and no /etc/passwd knows.
UID = 54321 if os.getuid() == 0 else os.getuid()

PROBE = """
import getpass, json, os, pathlib
import harness.reporter, benchmarks.benchmark_factory

def writable(folder):
    try:
        (pathlib.Path(folder) / "probe").write_text("x")
        return True
    except OSError:
        return False

places = [folder for folder, _, _ in os.walk("/", topdown=True) if not folder.startswith(("/proc", "/sys", "/dev"))]
report = {"writable": [p for p in places if writable(p)], "user": getpass.getuser(), "home": os.path.expanduser("~"),
          "data": pathlib.Path("/data/dataset_path/file").read_text(), "uid": os.getuid(),
          "interfaces": os.listdir("/sys/class/net")}
pathlib.Path("/job/report.json").write_text(json.dumps(report))
os.makedirs("/job/0/checkpoints")
"""


def as_user(request, uid):
    """The request of a launcher that runs as `uid`, to whom the job folder belongs."""
    os.chown(request.folder, uid, uid if uid != os.getuid() else os.getgid())
    stat = request.folder.stat()
    request.details["user"] = f"{stat.st_uid}:{stat.st_gid}"
    return request


def test_a_job_writes_to_its_folder_alone_and_its_files_are_the_callers(jobs, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    (data / "file").write_text("pixels")
    request = as_user(jobs.request(PROBE, data={"dataset_path": data}), UID)
    assert jobs.run(request) == 0
    report = json.loads((request.folder / "report.json").read_text())
    assert set(report["writable"]) == {"/job", "/tmp", "/home/harness"}
    assert (report["user"], report["home"], report["uid"]) == ("harness", "/home/harness", UID)
    assert report["data"] == "pixels"
    assert report["interfaces"] == ["lo"]
    left = [request.folder / "report.json", *request.folder.rglob("*")]
    assert {path.stat().st_uid for path in left} == {UID}
    assert list(data.iterdir()) == [data / "file"]


def test_cancel_lets_the_job_save_its_state_and_ends_its_children(jobs):
    code = """
import pathlib, signal, subprocess, sys
child = subprocess.Popen(["sleep", "98765.5"], start_new_session=True)
def end(*_):
    pathlib.Path("saved").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path("ready").touch()
signal.pause()
"""
    request = jobs.request(code)
    jobs.runtime.submit(request)
    while not (request.folder / "ready").exists():
        time.sleep(0.05)
    assert sleepers()
    jobs.runtime.cancel(request.name)
    jobs.runtime.cancel(request.name)
    assert jobs.runtime.poll([request.name]) == {request.name: JobState.ENDED}
    assert (request.folder / "saved").exists()
    assert not sleepers()


def sleepers():
    return [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"] == ["sleep", "98765.5"]]


def test_a_name_submitted_twice_runs_once_until_it_was_collected(jobs):
    request = jobs.request("open('starts', 'a').write('x')")
    starts = request.folder / "starts"
    for _ in range(2):
        jobs.runtime.submit(request)
        jobs.wait(request)
    assert starts.read_text() == "x"
    jobs.runtime.collect(request.name, request.folder)
    assert jobs.runtime.poll([request.name]) == {request.name: JobState.LOST}
    assert jobs.run(request) == 0
    assert starts.read_text() == "xx"


def test_a_launch_that_broke_off_is_finished_by_any_of_two(jobs):
    request = jobs.request("open('starts', 'a').write('x')")
    for _ in range(2):
        jobs.runtime._create(jobs.engine, request)
    assert jobs.runtime.poll([request.name]) == {request.name: JobState.LOST}
    assert jobs.run(request) == 0
    assert (request.folder / "starts").read_text() == "x"


def test_another_process_finds_and_ends_a_job(jobs):
    request = jobs.request("import time; time.sleep(1000)")
    jobs.runtime.submit(request)
    other = DockerRuntime(request.details["image"])
    try:
        assert other.poll([request.name, "x"]) == {request.name: JobState.RUNNING, "x": JobState.LOST}
        other.cancel(request.name)
        other.cancel("x")
        assert other.poll([request.name]) == {request.name: JobState.ENDED}
    finally:
        other.close()


@pytest.mark.parametrize(("state", "told"), [(None, True), ("running", True), ("failed", False)])
def test_the_log_of_a_job_that_ended_without_a_word_is_brought_home(jobs, state, told):
    request = jobs.request("import sys; print(*range(100), sep='\\n'); sys.exit('no such benchmark')")
    folder = JobDir(request.folder)
    folder.log.write_text("before\n")
    if state is not None:
        write_json(folder.status, {"state": state})
    assert jobs.run(request) == 1
    jobs.runtime.collect(request.name, request.folder)
    log = folder.log.read_text()
    assert log.startswith("before\n")
    assert ("no such benchmark" in log and "exit code 1" in log and "\n50\n" in log) is told
    assert "\n49\n" not in log
    assert jobs.engine.inspect(request.name) is None


def test_what_cannot_be_launched_is_a_fault_of_the_environment(jobs, tmp_path):
    request = jobs.request("pass", data={"dataset_path": tmp_path / "missing"})
    with pytest.raises(EnvironmentFault, match="missing"):
        jobs.runtime.submit(request)
    assert jobs.engine.inspect(request.name) is None

    foreign = jobs.request("pass", name="foreign")
    jobs.engine.create(foreign.name, foreign.details["image"], ["true"], {})
    with pytest.raises(EnvironmentFault, match="not ours"):
        jobs.runtime.submit(foreign)


def test_an_experiment_on_real_images_runs_as_any_user(jobs):
    values = {"num_trials": 2, "max_resource_level": 2, "num_workers": 2, "benchmark_name": "mlp_fashionmnist"}
    (job,) = build(Raw(values), 0).jobs()
    data = {"dataset_path": ROOT / "tests" / "data" / "fashion_mnist_small"}
    request = as_user(jobs.request("", data=data), UID)
    write_job(JobDir(request.folder), job)
    (request.folder / "job.json").chmod(0o644)
    launched = jobs.runtime.request(request.name, request.folder, data, Limits())
    launched.details["user"] = request.details["user"]
    code = jobs.run(launched)
    status = read_status(JobDir(request.folder))
    assert (code, status["state"], status["num_trials"]) == (0, "completed", 2), status
    assert status["best"]["value"] > 0.2
