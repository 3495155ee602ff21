"""A real engine and the real image. Without an engine these tests fail: whoever asks for them wants to know."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace

import pytest

from harness.runtime.docker import DockerRuntime
from harness.runtime.engine import Engine
from harness.runtime.image import ensure_image
from harness.runtime.protocol import JobState, Limits

NO_LIMITS = Limits()


@pytest.fixture(scope="session")
def image():
    return ensure_image("local")


@pytest.fixture
def engine():
    with contextlib.closing(Engine.connect()) as engine:
        yield engine


class Jobs:
    """Jobs of one runtime that run a line of Python instead of an experiment; all are gone after the test."""

    def __init__(self, image, engine, tmp_path):
        self.runtime = DockerRuntime(image)
        self.engine = engine
        self._tmp_path = tmp_path
        self._names = []

    def request(self, code, name="job", data=None, limits=NO_LIMITS):
        folder = self._tmp_path / name
        folder.mkdir(exist_ok=True)
        name = f"test-{os.getpid()}-{self._tmp_path.name}-{name}"
        self._names.append(name)
        request = self.runtime.request(name, folder, data or {}, limits)
        return replace(request, command=("python", "-c", code))

    def wait(self, request, timeout=60):
        deadline = time.monotonic() + timeout
        while self.runtime.poll([request.name])[request.name] is JobState.RUNNING:
            assert time.monotonic() < deadline, "the job does not end"
            time.sleep(0.05)

    def run(self, request):
        self.runtime.submit(request)
        self.wait(request)
        return self.engine.inspect(request.name)["State"]["ExitCode"]

    def close(self):
        for name in self._names:
            self.engine.remove(name)
        self.runtime.close()


@pytest.fixture
def jobs(image, engine, tmp_path):
    with contextlib.closing(Jobs(image, engine, tmp_path)) as jobs:
        yield jobs
