"""Within a container that may use part of the machine: threads fit, and running out of memory is told as such."""

from __future__ import annotations

import json

import pytest

from harness.runtime.protocol import Limits

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

SHARES = """
import json, os, pathlib
from harness.backends.devices import thread_share
from harness.cgroup import cpus
shares = {workers: thread_share({}, cpus(), workers)["OMP_NUM_THREADS"] for workers in (1, 4)}
pathlib.Path("/job/report.json").write_text(json.dumps({"cpus": cpus(), **shares}))
"""
TRIALS = """
import json, pathlib
from harness.backends.local import LocalBackend
from harness.core.events import Exited
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Trial
from harness.jobdir import JobDir

script = pathlib.Path("/job/script.py")
script.write_text("import sys; from harness.reporter import Reporter; held = bytearray(int(sys.argv[2])); "
                  "held[::1000] = b'x' * len(held[::1000]); Reporter()(acc=1)")
run = LocalBackend(script=script, problem=Problem(Space({}), "acc"), job=JobDir(pathlib.Path("/job")))
ends = []
for number, size in enumerate((1000, 900_000_000, 1000)):
    run.start(Trial(number, {"size": size}), None)
    events = []
    while not any(isinstance(event, Exited) for event in events):
        events += run.wait(60)
    ends.append([events[-1].exit_code, events[-1].failure, len(events)])
run.close()
pathlib.Path("/job/report.json").write_text(json.dumps(ends))
"""


def report_of(jobs, code, limits):
    request = jobs.request(code, limits=limits)
    assert jobs.run(request) == 0, jobs.engine.tail(request.name, 20)
    return json.loads((request.folder / "report.json").read_text())


def test_one_cpu_gives_one_thread(jobs):
    assert report_of(jobs, SHARES, Limits(cpus=1)) == {"cpus": 1.0, "1": "1", "4": "1"}
    assert report_of(jobs, SHARES, Limits(cpus=0.5))["1"] == "1"


def test_a_trial_that_runs_out_of_memory_is_told_as_such_and_the_next_one_runs(jobs):
    ends = report_of(jobs, TRIALS, Limits(memory="300m"))
    assert ends == [[0, "user code", 2], [-9, "out of memory", 1], [0, "user code", 2]]
