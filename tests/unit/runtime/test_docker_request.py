"""The whole request, word for word: a change of what containers may do must be seen in review."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from harness.errors import EnvironmentFault
from harness.runtime.bases import ROOT
from harness.runtime.docker import DockerRuntime
from harness.runtime.protocol import JobState, Limits

FOLDER = Path("/results/mobster-1")
DATA = {"dataset_path": Path("/sets/fashion")}


def test_the_request_word_for_word(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(os, "getgid", lambda: 100)
    request = DockerRuntime("hpo-harness:c-0").request("mobster-1", FOLDER, DATA, Limits())
    assert asdict(request) == {
        "name": "mobster-1",
        "folder": FOLDER,
        "command": ("python", "-m", "harness", "run-job", "/job", "--data", "dataset_path=/data/dataset_path"),
        "environment": {
            "PYTHONPATH": "/opt/harness",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "HOME": "/home/harness",
            "USER": "harness",
        },
        "mounts": {
            str(ROOT / "harness"): "/opt/harness/harness",
            str(ROOT / "benchmarks"): "/opt/harness/benchmarks",
            "/sets/fashion": "/data/dataset_path",
        },
        "details": {
            "image": "hpo-harness:c-0",
            "user": "1000:100",
            "working_dir": "/job",
            "labels": {"hpo-harness.name": "mobster-1"},
            "network_mode": "none",
            "read_only": True,
            "tmpfs": {"/tmp": "exec,mode=1777", "/home/harness": "mode=1777"},
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges", "label=disable"],
            "init": True,
            "shm_size": "1g",
            "log_config": {"type": "json-file", "config": {"max-size": "10m"}},
        },
    }
    json.dumps([request.command, request.environment, request.mounts, request.details])


def test_limits_reach_the_engine():
    limits = Limits(cpus=1.5, memory="300m", gpus=-1, network=True)
    details = DockerRuntime("i").request("n", FOLDER, {}, limits).details
    expected = {"nano_cpus": 1_500_000_000, "mem_limit": "300m", "memswap_limit": "300m", "gpus": -1}
    assert {name: details.get(name) for name in expected} == expected
    assert details["network_mode"] == "bridge"


def test_the_callers_number_of_threads_is_passed_on(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert DockerRuntime("i").request("n", FOLDER, {}, Limits()).environment["OMP_NUM_THREADS"] == "3"


class FakeEngine:
    """Holds what a test says is there; records what is created."""

    def __init__(self, rootless=False, states=None):
        self._rootless = rootless
        self.containers = {
            name: {"State": {"Status": state}, "Config": {"Labels": {"hpo-harness.name": name}}}
            for name, state in (states or {}).items()
        }
        self.created = {}
        self.started = []

    def rootless(self):
        return self._rootless

    def inspect(self, name):
        return self.containers.get(name)

    def list(self, label):
        return [{"Labels": {label: name}, "State": c["State"]["Status"]} for name, c in self.containers.items()]

    def create(self, name, image, command, details):
        self.created[name] = (image, details)
        self.containers[name] = {"State": {"Status": "created"}, "Config": {"Labels": details["labels"]}}

    def start(self, name):
        self.started.append(name)
        if name == "broken":
            raise EnvironmentFault("no")

    def remove(self, name):
        del self.containers[name]


def runtime_on(engine, image="i"):
    runtime = DockerRuntime(image)
    runtime._engine = engine
    return runtime


@pytest.mark.parametrize(("rootless", "user"), [(False, f"{os.getuid()}:{os.getgid()}"), (True, "0:0")])
def test_files_belong_to_the_caller_under_rootless_engines_too(rootless, user):
    engine = FakeEngine(rootless)
    runtime = runtime_on(engine)
    runtime.submit(runtime.request("n", FOLDER, DATA, Limits()))
    _, details = engine.created["n"]
    assert details["user"] == user
    assert [(mount["Target"], mount["ReadOnly"]) for mount in details["mounts"]] == [
        ("/job", False),
        ("/opt/harness/harness", True),
        ("/opt/harness/benchmarks", True),
        ("/data/dataset_path", True),
    ]


def test_without_an_image_it_is_looked_for_once_at_the_first_launch(monkeypatch):
    asked = []
    monkeypatch.setattr("harness.runtime.docker.ensure_image", lambda: asked.append(1) or "built")
    engine = FakeEngine()
    runtime = runtime_on(engine, image=None)
    requests = [runtime.request(name, FOLDER, {}, Limits()) for name in ("a", "b")]
    assert asked == []
    for request in requests:
        runtime.submit(request)
    assert asked == [1]
    assert {image for image, _ in engine.created.values()} == {"built"}


def test_a_container_that_cannot_start_is_not_left_behind():
    engine = FakeEngine()
    runtime = runtime_on(engine)
    with pytest.raises(EnvironmentFault):
        runtime.submit(runtime.request("broken", FOLDER, {}, Limits()))
    assert engine.containers == {}


def test_states_of_the_engine_as_states_of_jobs():
    states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"]
    polled = runtime_on(FakeEngine(states={state: state for state in states})).poll([*states, "unknown"])
    assert [polled[state] for state in states] == [JobState.LOST] + [JobState.RUNNING] * 3 + [JobState.ENDED] * 3
    assert polled["unknown"] is JobState.LOST
