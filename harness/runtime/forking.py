"""Jobs as forks of the launching process, which find their imports done.

A job in virtual time can be over in less time than Python takes to start. A fork closes what it inherited, but for
standard streams of its own, and is otherwise what it would be as a process of its own.
"""

from __future__ import annotations

import gc
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import IO, NoReturn

from harness.runtime.protocol import Request

# What every job in virtual time imports.
_PRELOAD = ("harness.cli.run_job", "harness.tuner.run_job", "harness.backends.simulated")
_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MAX_DESCRIPTORS = 4096


class Forked:
    """A child of this process, with those of Popen's methods that a runtime needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        return self._wait(0)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # somebody else has waited for it
                pid, status = self.pid, 0
            if pid == self.pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def fork(command: Sequence[str], request: Request, log: IO[bytes]) -> Forked:
    """Run `command`, which is that of this Python and `-m harness`, in a fork of this process. OSError."""
    for name in _PRELOAD:
        import_module(name)
    gc.freeze()  # the collector of the child leaves shared pages alone
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _run(command, request, log.fileno())
    return Forked(pid)


def _run(command: Sequence[str], request: Request, log: int) -> NoReturn:
    code = 1
    try:
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.closerange(3, _MAX_DESCRIPTORS)
        # Whatever the launcher has put in their place writes to where the launcher's output goes.
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.environ.update(request.environment)
        os.chdir(request.folder)
        sys.argv = ["harness", *command[command.index("harness") + 1 :]]
        sys.modules.pop("harness.__main__", None)  # where the launcher imported it, it is to run once more
        runpy.run_module("harness", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
