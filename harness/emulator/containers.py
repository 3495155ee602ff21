"""Training jobs in containers, as SageMaker runs them: root's, nothing between PID 1 and its signals."""

from __future__ import annotations

import codecs
import os
import signal
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.emulator.execution import CannotStart
from harness.errors import EnvironmentFault
from harness.runtime.engine import Engine

LABEL = "hpo-harness.emulator"
# Loaders of data hand over batches in shared memory, of which the engine gives 64 MB.
SHARED_MEMORY = "1g"
SECONDS_TO_DIE = 10


class Container:
    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name

    def lines(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        rest = ""
        for piece in self._engine.follow(self._name):
            *whole, rest = (rest + decoder.decode(piece)).split("\n")
            yield from (line.rstrip("\r") for line in whole)
        if rest:
            yield rest

    def exit_code(self) -> int | None:
        found = self._engine.inspect(self._name)
        if found is None:
            return 137
        state = found["State"]
        return None if state["Status"] in ("created", "running") else int(state["ExitCode"])

    def terminate(self) -> None:
        self._engine.signal(self._name, signal.SIGTERM)

    def kill(self) -> None:
        # Not the engine's own `stop`, which sends SIGTERM first.
        self._engine.signal(self._name, signal.SIGKILL)
        deadline = time.monotonic() + SECONDS_TO_DIE
        while self.exit_code() is None and time.monotonic() < deadline:
            time.sleep(0.02)

    def close(self) -> None:
        self._engine.remove(self._name)


class ContainerExecutor:
    """Args:
    registry: host and port for which `login` is.
    login: user name and password, None where there is no registry.
    """

    def __init__(self, registry: str, login: Mapping[str, str] | None) -> None:
        self._registry = registry
        self._login = login
        self._engine = Engine.connect()
        self._label = f"{LABEL}={os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._pulled: set[str] = set()

    def start(self, name: str, algorithm: Mapping[str, Any], root: Path, environment: Mapping[str, str]) -> Container:
        from docker.types import Mount

        image = algorithm["TrainingImage"]
        container = f"{name}-{uuid.uuid4().hex[:8]}"
        details = {
            "environment": dict(environment),
            "mounts": [Mount("/opt/ml", str(root), type="bind")],
            "network_mode": "host",
            "labels": dict([self._label.split("=")]),
            "user": "0:0",
            "init": False,
            "shm_size": SHARED_MEMORY,
        }
        if "ContainerEntrypoint" in algorithm:
            details["entrypoint"] = list(algorithm["ContainerEntrypoint"])
        # Without an entry point of its own the service runs `IMAGE train`.
        command = algorithm.get("ContainerArguments", [] if "entrypoint" in details else ["train"])
        try:
            self._fetch(image)
            self._engine.create(container, image, command, details)
            self._engine.start(container)
        except EnvironmentFault as error:
            self._engine.remove(container)
            raise CannotStart(f"ClientError: {error}") from error
        return Container(self._engine, container)

    def _fetch(self, image: str) -> None:
        """From our registry always, as the service does; another image where the engine does not hold it."""
        if image.startswith(f"{self._registry}/"):
            self._engine.pull(image, self._login)
            self._pulled.add(image)
        elif self._engine.image(image) is None:
            self._engine.pull(image)

    def close(self) -> None:
        for found in self._engine.list(self._label):
            self._engine.remove(found["Id"])
        # Names under an address that ends with the emulator; what has other names keeps those.
        for image in self._pulled:
            self._engine.remove_image(image, parents=False)
        self._engine.close()
