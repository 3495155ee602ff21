"""Jobs in containers of the locked image, on this machine's Docker engine.

A job sees its code and data sets read-only and writes to its folder alone, as the calling user. The engine keeps the
containers under the jobs' names, so that any process finds what another one launched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentFault
from harness.jobdir import JobDir
from harness.results.status import FINAL, read_status
from harness.runtime.bases import ROOT
from harness.runtime.engine import Engine
from harness.runtime.image import ensure_image
from harness.runtime.protocol import JobState, Limits, Request

LABEL = "hpo-harness.name"
CODE = "/opt/harness"
JOB = "/job"
HOME = "/home/harness"
GRACE_SECONDS = 15
TAIL_LINES = 50
ENDED = {"exited", "dead", "removing"}


class DockerRuntime:
    """A job is a container of its name.

    Args:
        image: tag or id of the image; None to find or build it at the first launch.
    """

    def __init__(self, image: str | None = None) -> None:
        self._image = image
        self._engine: Engine | None = None

    def request(self, name: str, folder: Path, data: Mapping[str, Path], limits: Limits) -> Request:
        given = [word for argument in data for word in ("--data", f"{argument}=/data/{argument}")]
        mounts = {str(ROOT / package): f"{CODE}/{package}" for package in ("harness", "benchmarks")}
        mounts |= {str(place): f"/data/{argument}" for argument, place in data.items()}
        command = ("python", "-m", "harness", "run-job", JOB, *given)
        return Request(name, folder, command, _environment(), mounts, {"image": self._image, **_details(name, limits)})

    def submit(self, request: Request) -> None:
        engine = self._connected()
        found = engine.inspect(request.name)
        if found is None:
            self._create(engine, request)
            found = engine.inspect(request.name) or {}
        if not found or found["Config"]["Labels"].get(LABEL) != request.name:
            hint = f"docker rm {request.name}"
            raise EnvironmentFault(f"a container named {request.name} exists that is not ours", hint=hint)
        # A launcher that died between the two steps left it created: the launch is finished, not repeated.
        if found["State"]["Status"] == "created":
            self._start(engine, request.name)

    def _create(self, engine: Engine, request: Request) -> None:
        from docker.types import DeviceRequest, Mount

        details = dict(request.details)
        image = details.pop("image") or self._ensured()
        if engine.rootless():
            # There, root of the container is the calling user, and any other user is nobody.
            details["user"] = "0:0"
        mounts = [Mount(JOB, str(request.folder), type="bind")]
        for place, path in request.mounts.items():
            mounts.append(Mount(path, place, type="bind", read_only=True))
        details |= {"environment": dict(request.environment), "mounts": mounts}
        if (gpus := details.pop("gpus", None)) is not None:
            details["device_requests"] = [DeviceRequest(count=gpus, capabilities=[["gpu"]])]
        engine.create(request.name, image, request.command, details)

    def _start(self, engine: Engine, name: str) -> None:
        try:
            engine.start(name)
        except EnvironmentFault:
            engine.remove(name)
            raise

    def _ensured(self) -> str:
        self._image = self._image or ensure_image()
        return self._image

    def poll(self, names: Sequence[str]) -> Mapping[str, JobState]:
        found = {item["Labels"][LABEL]: item["State"] for item in self._connected().list(LABEL)}
        return {name: _state(found.get(name)) for name in names}

    def cancel(self, name: str) -> None:
        self._connected().stop(name, GRACE_SECONDS)

    def collect(self, name: str, folder: Path) -> None:
        engine = self._connected()
        found = engine.inspect(name)
        if found is None:
            return
        if folder.is_dir() and read_status(JobDir(folder)).get("state") not in FINAL:
            with open(JobDir(folder).log, "ab") as log:
                log.write(engine.tail(name, TAIL_LINES) + _end(found["State"]).encode())
        engine.remove(name)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = Engine.connect()
        return self._engine


def _environment() -> dict[str, str]:
    threads = {name: os.environ[name] for name in ("OMP_NUM_THREADS",) if name in os.environ}
    # Without an entry in /etc/passwd, USER is where Python's getpass finds a name.
    user = {"HOME": HOME, "USER": "harness"}
    return {"PYTHONPATH": CODE, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **user, **threads}


def _details(name: str, limits: Limits) -> dict[str, Any]:
    """What the SDK's `containers.create` takes, besides image, command, environment and mounts."""
    return {
        "user": f"{os.getuid()}:{os.getgid()}",
        "working_dir": JOB,
        "labels": {LABEL: name},
        "network_mode": "bridge" if limits.network else "none",
        **_limits(limits),
        "read_only": True,
        # In memory and gone with the container; HOME is for libraries that insist on a cache.
        "tmpfs": {"/tmp": "exec,mode=1777", HOME: "mode=1777"},
        "cap_drop": ["ALL"],
        # A policy of SELinux would deny the mounted folders.
        "security_opt": ["no-new-privileges", "label=disable"],
        # Passes signals on and reaps what trials leave behind.
        "init": True,
        # Loaders of training data share tensors there; the default of 64 MB is soon full.
        "shm_size": "1g",
        "log_config": {"type": "json-file", "config": {"max-size": "10m"}},
    }


def _limits(limits: Limits) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if limits.cpus is not None:
        details["nano_cpus"] = round(limits.cpus * 1e9)
    if limits.memory is not None:
        # Without swap: a job that swaps is neither killed nor of use.
        details |= {"mem_limit": limits.memory, "memswap_limit": limits.memory}
    if limits.gpus is not None:
        details["gpus"] = limits.gpus
    return details


def _state(status: str | None) -> JobState:
    if status is None or status == "created":
        return JobState.LOST
    return JobState.ENDED if status in ENDED else JobState.RUNNING


def _end(state: Mapping[str, Any]) -> str:
    killed = ", out of memory" if state.get("OOMKilled") else ""
    return f"\ncontainer ended with exit code {state['ExitCode']}{killed}\n"
