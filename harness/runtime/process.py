"""Jobs as plain processes on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from harness.backends.sharing import VARIABLE, SharedImports
from harness.backends.warm import Imports
from harness.errors import EnvironmentFault
from harness.jobdir import JobDir, read_json, write_json
from harness.runtime.forking import Forked, fork
from harness.runtime.protocol import JobState, Limits, Request

GRACE_SECONDS = 15.0
CODE = Path(__file__).resolve().parents[2]


class ProcessRuntime:
    """A job is a process in a session of its own; its folder holds who it is, so that any process can find it.

    Args:
        forks: jobs are forked from this process instead of started anew, for jobs that would do little but import.
        imports: (job folder, its environment) -> what its trials import, None for nothing that jobs could share.
    """

    def __init__(
        self,
        root: Path,
        *,
        forks: bool = False,
        imports: Callable[[Path, Mapping[str, str]], Imports | None] = lambda folder, environment: None,
    ) -> None:
        self._root = root
        self._forks = forks
        self._imports = imports
        self._shared = SharedImports()
        self._children: dict[str, Forked | subprocess.Popen[bytes]] = {}

    def request(self, name: str, folder: Path, data: Mapping[str, Path], limits: Limits) -> Request:
        given = [word for argument, place in data.items() for word in ("--data", f"{argument}={place}")]
        command = (sys.executable, "-m", "harness", "run-job", str(folder), *given)
        # The caller's own entries stay: scripts may import from there, as they do in a job without a sweep.
        places = (str(CODE), os.environ.get("PYTHONPATH", ""))
        return Request(name, folder, command, {"PYTHONPATH": os.pathsep.join(filter(None, places))})

    def submit(self, request: Request) -> None:
        if self.poll([request.name])[request.name] is JobState.RUNNING:
            return
        command = [*request.command, "--end_with_parent", str(os.getpid())]
        try:
            with open(JobDir(request.folder).log, "ab") as log:
                child = fork(command, request, log) if self._forks else self._spawn(command, request, log)
        except OSError as error:
            raise EnvironmentFault(f"cannot start {request.name}: {error}") from error
        self._children[request.name] = child
        write_json(JobDir(request.folder).process, {"pid": child.pid, "created": _created(child.pid)})

    def _spawn(self, command: Sequence[str], request: Request, log: IO[bytes]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **request.environment}
        imports = self._imports(request.folder, environment)
        with contextlib.ExitStack() as held:
            offered = self._shared.offer(imports) if imports is not None else None
            if offered is not None:
                held.enter_context(offered)
                environment[VARIABLE] = str(offered.fileno())
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=request.folder,
                pass_fds=[offered.fileno()] if offered is not None else [],
            )

    def poll(self, names: Sequence[str]) -> Mapping[str, JobState]:
        return {name: self._state(name) for name in names}

    def _state(self, name: str) -> JobState:
        child = self._children.get(name)
        if child is not None:
            return JobState.RUNNING if child.poll() is None else JobState.ENDED
        return JobState.RUNNING if self._foreign_pid(name) is not None else JobState.LOST

    def _foreign_pid(self, name: str) -> int | None:
        """The process that another launcher started under this name, if it still runs."""
        record = read_json(JobDir(self._root / name).process)
        # A process that was gone before it could be looked up has no start time.
        if record is None or record["created"] is None or _created(record["pid"]) != record["created"]:
            return None
        return int(record["pid"])

    def cancel(self, name: str) -> None:
        import psutil

        child = self._children.get(name)
        pid = child.pid if child is not None and child.poll() is None else self._foreign_pid(name)
        if pid is None:
            return
        try:
            process = psutil.Process(pid)
            process.send_signal(signal.SIGTERM)
            process.wait(GRACE_SECONDS)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            # The job's trials lead groups of their own; their guard ends them.
            os.killpg(pid, signal.SIGKILL)
        if child is not None:
            child.wait()

    def collect(self, name: str, folder: Path) -> None:
        record = JobDir(folder).process
        for path in (record, *folder.glob(f".{record.name}.*")):
            path.unlink(missing_ok=True)
        child = self._children.pop(name, None)
        if child is not None:
            child.wait()

    def close(self) -> None:
        for name in list(self._children):
            self.cancel(name)
        self._shared.close()


def _created(pid: int) -> float | None:
    """Start time of a process (seconds since the epoch): with it, a pid used again is told apart."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None
