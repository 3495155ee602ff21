"""The tuner's side of the fork server: trials that find their imports done."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from harness.backends.fork_server import receive, send
from harness.backends.orphans import MARK, PLACEHOLDER
from harness.backends.process import Spawned, spawn

logger = logging.getLogger("harness.tuner")

PROGRAM = Path(__file__).with_name("fork_server.py")
# Imports of the largest libraries from a cold disk take a minute.
ANSWER_SECONDS = 120.0
# Arrow's allocator starts a thread as soon as pandas or scikit-learn are imported, unless it is told not to; glibc's
# takes small pages, which are costly to fork.
_QUIET = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
AVAILABLE = hasattr(os, "pidfd_open")
# A server that dies again and again is given up.
SERVERS = 3


class Refused(Exception):
    """The server's process must not be forked; says why."""


class Lost(Exception):
    """The server is gone."""


class Forked:
    """A trial's process, a child of the server; of this process, which takes in orphans, once the server is gone."""

    def __init__(self, pid: int, server: ForkServer) -> None:
        self.pid = pid
        self._server = server
        self._code: int | None = None

    def wait(self) -> int:
        if self._code is None:
            self._code = self._server.exit_code(self.pid)
        return self._code


@dataclass(frozen=True)
class Imports:
    """Attributes:
    preload: modules that every trial imports.
    environment: what all trials have in common.
    """

    script: Path
    preload: Sequence[str]
    environment: Mapping[str, str]

    def message(self) -> dict[str, Any]:
        hide = [name for name in _QUIET if name not in self.environment]
        asked = {"script": str(self.script), "preload": list(self.preload), "hide": hide}
        return {**asked, "environment": dict(self.environment)}


class ForkServer:
    """A process that has done the imports and forks trials of the script. It begins at once, and ends with this one.

    The caller must take in orphans (`orphans.take_in`).

    Args:
        shared: control socket of a server that a process for several tuners forks; None to start one.
    """

    def __init__(self, imports: Imports, shared: socket.socket | None = None) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control = shared if shared is not None else self._begin(imports.environment)
        self._control.settimeout(ANSWER_SECONDS)
        self._ready = False
        with contextlib.suppress(OSError):  # it is lost already, which the first question will tell
            send(self._control, imports.message())

    def _begin(self, environment: Mapping[str, str]) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(theirs.fileno()), MARK],
                cwd="/",
                env={**_QUIET, **environment, MARK: PLACEHOLDER},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return ours

    def share(self) -> socket.socket:
        """Control socket of a fork of the server, which it makes once the imports are done. OSError: it is lost."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                send(self._control, {"share": True}, (theirs.fileno(),))
            except OSError:
                ours.close()
                raise
        return ours

    def spawn(self, argv: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Spawned:
        """A trial's process. Refused, Lost; ValueError for arguments that no process can have; OSError.

        Args:
            environment: variables of its own, over those of the server.
        """
        if any("\0" in word for word in argv):
            raise ValueError("embedded null byte")
        if not self._ready:
            answer = self._ask(None)
            if not answer.get("equal", True):
                raise Lost("it has done other imports, or in another environment")
            if answer["refusal"] is not None:
                raise Refused(answer["refusal"])
            self._ready = True
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        pipes: list[IO[bytes]] = [open(end, "rb", buffering=0) for end in (out, err)]  # noqa: SIM115
        try:
            request = {"argv": list(argv), "cwd": str(folder), "environment": dict(environment)}
            answer = self._ask(request, (out_end, err_end))
            if "error" in answer:
                raise OSError(answer["error"])
        except BaseException:
            for pipe in pipes:
                pipe.close()
            raise
        finally:
            os.close(out_end)
            os.close(err_end)
        for pipe in pipes:
            os.set_blocking(pipe.fileno(), False)
        return Spawned(Forked(answer["pid"], self), *pipes)

    def exit_code(self, pid: int) -> int:
        """Of a trial that has ended, or is being killed; negative: a signal's number.

        Where the server is lost, SIGKILL for a trial that the system has not made this process's child: one of a
        shared server, or one that the server has asked about.
        """
        try:
            status = self._ask({"wait": pid})["status"]
        except (Lost, Refused):
            self.close()  # the system makes its children ours before it reports its end
            try:
                status = os.waitpid(pid, 0)[1]
            except ChildProcessError:
                status = signal.SIGKILL
        return os.waitstatus_to_exitcode(status)

    def _ask(self, request: dict[str, Any] | None, descriptors: tuple[int, ...] = ()) -> dict[str, Any]:
        try:
            if request is not None:
                send(self._control, request, descriptors)
            answer = receive(self._control)
        except TimeoutError as error:
            raise Refused(f"the imports take longer than {ANSWER_SECONDS:g} s") from error
        except (OSError, ValueError) as error:
            raise Lost(str(error)) from error
        if answer is None:
            raise Lost("it ended")
        return answer[0]

    def close(self) -> None:
        """End the server; trials that it forked go on. Idempotent."""
        self._control.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


class Starter:
    """Starts trials: forked from a process that has done their imports, or each as a plain process.

    Args:
        imports: what all have in common; nothing to preload for plain processes.
        shared: as for the first `ForkServer`.
    """

    def __init__(self, imports: Imports, shared: socket.socket | None = None) -> None:
        self._imports = imports
        self._shared = shared
        self._servers_left = SERVERS if imports.preload and AVAILABLE else 0
        self._server: ForkServer | None = None

    def prepare(self) -> None:
        """Let the imports begin. OSError where no process can be had."""
        if self._server is None and self._servers_left > 0:
            self._servers_left -= 1
            shared, self._shared = self._shared, None
            self._server = ForkServer(self._imports, shared)

    def spawn(self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Spawned:
        """A process that runs the command. OSError or ValueError where it cannot be started.

        Args:
            environment: variables of its own, over those that all trials have in common.
        """
        shares_imports = list(command[:2]) == [sys.executable, str(self._imports.script)]
        while shares_imports and (self._servers_left > 0 or self._server is not None):
            self.prepare()
            assert self._server is not None
            try:
                return self._server.spawn(command[1:], folder=folder, environment=environment)
            except (Refused, Lost) as error:
                self._give_up(error)
        return spawn(command, folder=folder, environment={**self._imports.environment, **environment})

    def _give_up(self, error: Exception) -> None:
        self.close()
        if isinstance(error, Refused):
            self._servers_left = 0
        if self._servers_left == 0:
            logger.warning("trials run as plain processes, without shared imports: %s", error)
        else:
            logger.info("the process that shares its imports with the trials was lost (%s); starting another", error)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._shared is not None:
            self._shared.close()
            self._shared = None
