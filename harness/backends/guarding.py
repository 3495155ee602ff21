"""The tuner's side of the guard: a program beside it that ends trials when the tuner is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = Path(__file__).with_name("guard.py")


class Guard:
    """Sees to it that watched groups end with this process, even if this process is killed with -9.

    Linux's PR_SET_PDEATHSIG would reach the group's leader only, is tied to the thread that forked, and costs a
    `preexec_fn` or another exec for each process; one small program for all of them has none of these faults.
    """

    def __init__(self, mark: str) -> None:
        """`mark`: the entry NAME=VALUE of trials' environments that is common to all of this back-end."""
        self._mark = mark
        self._groups: set[int] = set()
        self._program: subprocess.Popen[bytes] | None = None

    @property
    def is_open(self) -> bool:
        return self._program is not None

    def open(self) -> None:
        """Start the program if it does not run. OSError where the system cannot."""
        if self.is_open:
            return
        # In a session of its own: neither Ctrl-C nor a kill of the tuner's process group may reach it.
        self._program = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM), self._mark],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        for group in self._groups:
            self._tell(f"+{group}\n")

    def check(self) -> None:
        """Start the program anew where somebody ended it. Called about once a second."""
        if self._program is not None and self._program.poll() is not None:
            self._replace()

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
        except BrokenPipeError:
            self._replace()

    def _replace(self) -> None:
        assert self._program is not None
        with self._program:
            self._program = None
        self.open()
