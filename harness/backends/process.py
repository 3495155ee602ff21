"""Processes in groups of their own: started, watched without polling, ended as a whole."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

logger = logging.getLogger(__name__)

# A killed process is gone in milliseconds, unless it hangs in a system call (a dead network file system, a driver).
REAP_SECONDS = 10.0
_GUARD = Path(__file__).with_name("guard.py")


def spawn(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, with pipes for its output that never block the reader.

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
    for pipe in (process.stdout, process.stderr):
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)
    return process


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the group. Call it before reaping: until then nobody else can get the group's number."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def abort(process: subprocess.Popen[bytes]) -> None:
    """Kill the group of a process whose pipes this module opened, and forget it."""
    kill_group(process)
    with process:  # closes its pipes, reaps
        pass


def exit_descriptor(process: subprocess.Popen[bytes]) -> int:
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


def _close_at_exit(process: subprocess.Popen[bytes], writer: int) -> None:
    process.wait()
    os.close(writer)


def reap(process: subprocess.Popen[bytes], descriptor: int) -> int | None:
    """Exit code of a process that ended or was killed (negative: a signal); None where it does not go away."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(REAP_SECONDS * 1000):
        logger.warning("process %d does not end although it was killed; it is left to itself", process.pid)
        return None
    return process.wait()


class Guard:
    """Sees to it that watched groups end with this process, even if this process is killed with -9.

    Linux's PR_SET_PDEATHSIG would reach the group's leader only, is tied to the thread that forked, and costs a
    `preexec_fn` or another exec for each process; one small program for all of them has none of these faults.
    """

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._program: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Start the program if it does not run. OSError where the system cannot."""
        if self._program is not None:
            return
        # In a session of its own: neither Ctrl-C nor a kill of the tuner's process group may reach it.
        self._program = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        for group in self._groups:
            self._tell(f"+{group}\n")

    def watch(self, group: int) -> None:
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the program; groups that are still watched are killed. Idempotent."""
        if self._program is not None:
            with self._program:  # closes its input, waits
                self._program = None
        self._groups.clear()

    def _tell(self, line: str) -> None:
        if self._program is None:
            return
        assert self._program.stdin is not None
        try:
            self._program.stdin.write(line.encode())
        except BrokenPipeError:  # somebody ended the program
            with self._program:
                self._program = None
            self.open()
