"""The emulator as a whole: started, at an address, and ended with all that it started."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from harness.emulator.api import SageMaker
from harness.emulator.calls import Calls
from harness.emulator.control import Control
from harness.emulator.ecr import Ecr
from harness.emulator.execution import Executor
from harness.emulator.faults import Faults
from harness.emulator.jobs import Store
from harness.emulator.life import Lives
from harness.emulator.outcomes import Outcomes
from harness.emulator.registry import Registry, missing_programs
from harness.emulator.settings import REGION, Settings
from harness.errors import EnvironmentFault
from harness.registry import required

# Whoever reaches the emulator runs programs on this machine.
HOST = "127.0.0.1"
ROLE = "hpo-harness-emulated"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

_running = threading.Lock()


class Emulator:
    """AWS at an address of this machine; a context manager.

    Only one at a time can run in a process, since moto's state is global to it; RuntimeError for a second.

    Args:
        executor: "docker", "process", or "auto": Docker where an engine answers.
        port: 0 for any free one.
        folder: for images and for files of running jobs; None for one that goes with the emulator.
        settings: see Settings.

    Raises:
        EnvironmentFault: on entering, where packages are missing, the port is taken or no engine answers.

    Attributes:
        calls, faults, outcomes, jobs, settings: what the control calls show and change, for use in tests.
        executor: the one that was chosen.
        role: ARN of a role for jobs.
    """

    def __init__(
        self,
        executor: str = "auto",
        *,
        port: int = 0,
        folder: Path | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.executor = executor
        self.settings = settings or Settings()
        self.calls, self.faults, self.outcomes = Calls(), Faults(), Outcomes()
        self.jobs = Store(self.settings)
        self.registry: Registry | None = None
        self.role = ""
        self._port, self._folder = port, folder
        self._opened = contextlib.ExitStack()

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client of AWS needs in its environment to speak to this one, and the launcher to find the role."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAGEMAKER_ROLE": self.role,
        }

    def __enter__(self) -> Self:
        for module in ("moto.server", "flask_cors", "boto3"):
            required(module, "emulator")
        if not _running.acquire(blocking=False):
            raise RuntimeError("an emulator runs already in this process")
        with contextlib.ExitStack() as opening:
            opening.callback(_running.release)
            folder = self._make_folder(opening)
            if not missing_programs():
                self.registry = Registry(folder / "registry")
                opening.callback(self.registry.close)
            self._open(folder / "jobs", opening)
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _make_folder(self, opening: contextlib.ExitStack) -> Path:
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._folder.absolute()
        folder = Path(tempfile.mkdtemp(prefix="emulate-aws-"))
        opening.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _open(self, folder: Path, opening: contextlib.ExitStack) -> None:
        """Executor, server and jobs; they end in the reverse order."""
        executor = self._choose_executor()
        opening.callback(executor.close)
        lives: list[Lives] = []
        sagemaker = SageMaker(self.jobs, self.settings, lambda job: lives[0].launch(job))
        self._serve(sagemaker, opening)
        services = {name: self._client(name) for name in ("s3", "logs", "sts")}
        lives.append(Lives(self.jobs, self.settings, self.outcomes, executor, folder, services, self.endpoint))
        opening.callback(lives[0].close)
        self._wake = lives[0].wake
        role = self._client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role = role["Role"]["Arn"]

    def _choose_executor(self) -> Executor:
        from harness.emulator.containers import ContainerExecutor
        from harness.emulator.processes import ProcessExecutor
        from harness.runtime.engine import engine_answers

        if self.executor == "auto":
            self.executor = "docker" if engine_answers() else "process"
        if self.executor == "process":
            return ProcessExecutor()
        registry = self.registry
        return ContainerExecutor(registry.address if registry else "", registry.login if registry else None)

    def _serve(self, sagemaker: SageMaker, opening: contextlib.ExitStack) -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        from harness.emulator.gateway import Gateway

        class Silent(WSGIRequestHandler):
            def log(self, type: str, message: str, *args: Any) -> None:
                """Requests are recorded by the gateway."""

        gateway = Gateway(Control(self), self.calls, self.faults, self.settings, sagemaker, Ecr(self.registry))
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind((HOST, self._port))
            except OSError as error:
                message = f"port {self._port} of {HOST} cannot be had: {error.strerror}"
                raise EnvironmentFault(message, hint="choose another: --port") from error
            listening.listen(128)
            server = make_server(
                HOST, self._port, gateway, threaded=True, request_handler=Silent, fd=listening.fileno()
            )
        self._port = server.port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        opening.callback(server.server_close)
        opening.callback(thread.join)
        opening.callback(server.shutdown)
        opening.callback(self._forget)

    def _client(self, service: str) -> Any:
        from boto3.session import Session
        from botocore.config import Config

        from harness.emulator.gateway import OWN_AGENT

        keys = self.environment
        session = Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
        config = Config(user_agent_extra=OWN_AGENT, max_pool_connections=64)
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def _forget(self) -> None:
        """moto's state would outlive this emulator."""
        import requests

        requests.post(f"{self.endpoint}/moto-api/reset", timeout=30)

    def befall(self, **rule: Any) -> None:
        """Something that is to happen to jobs, see Outcome; also to those that run."""
        self.outcomes.add(**rule)
        self._wake()

    def change(self, values: Mapping[str, Any]) -> None:
        """Settings, for jobs that wait or run, too."""
        self.settings.change(values)
        self._wake()
