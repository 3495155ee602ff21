"""Processes in groups of their own: started, watched without polling, ended as a whole."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

logger = logging.getLogger(__name__)

# A killed process is gone in milliseconds, unless it hangs in a system call (a dead network file system, a driver).
REAP_SECONDS = 10.0


class Child(Protocol):
    """A process whose exit code this process may ask for. `wait` returns it; negative: a signal's number."""

    @property
    def pid(self) -> int: ...
    def wait(self) -> int: ...


@dataclass(frozen=True)
class Spawned:
    """A process that leads a group of its own; its output, as pipes that never block the reader."""

    process: Child
    out: IO[bytes]
    err: IO[bytes]


def spawn(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Spawned:
    """Start `command` in a session of its own.

    There is no `preexec_fn`: it would rule out vfork (a fork copies the page tables of the tuner, and may
    dead-lock on a lock that a BLAS thread holds). What ends the group when the tuner is killed is the `Guard`.
    OSError or ValueError where the system cannot start it.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    for pipe in (process.stdout, process.stderr):
        os.set_blocking(pipe.fileno(), False)
    return Spawned(process, process.stdout, process.stderr)


def kill_group(process: Child) -> None:
    """Kill what is left of the group. Call it before reaping: until then nobody else can get the group's number."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def abort(spawned: Spawned) -> None:
    """Kill the group of a process, and forget it."""
    kill_group(spawned.process)
    spawned.out.close()
    spawned.err.close()
    spawned.process.wait()


def exit_descriptor(process: Child) -> int:
    """File descriptor that becomes readable when the process has ended. The caller closes it."""
    if hasattr(os, "pidfd_open"):
        try:
            return os.pidfd_open(process.pid)
        except OSError as error:
            if error.errno not in (errno.ENOSYS, errno.EPERM):  # old kernels, sandboxes
                raise
    reader, writer = os.pipe()
    threading.Thread(target=_close_at_exit, args=(process, writer), daemon=True).start()
    return reader


def _close_at_exit(process: Child, writer: int) -> None:
    process.wait()
    os.close(writer)


def reap(process: Child, descriptor: int) -> int | None:
    """Exit code of a process that ended or was killed (negative: a signal); None where it does not go away."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(REAP_SECONDS * 1000):
        logger.warning("process %d does not end although it was killed; it is left to itself", process.pid)
        return None
    return process.wait()
