"""Processes that a trial leaves behind: children that outlive it, also where they left its process group.

Each leg has a mark in its environment, which children inherit. Whoever bears the mark of a leg that is over is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import signal
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from harness.backends.guard import marked

MARK = "HARNESS_TRIAL"
# As long as any mark; a forked trial writes its own over it.
PLACEHOLDER = " " * 64
SECONDS_BETWEEN_SWEEPS = 1.0
# The killed are gone in milliseconds; who hangs in a driver is reaped later.
SECONDS_TO_DIE = 0.2
_PR_SET_CHILD_SUBREAPER = 36


def take_in(on: bool) -> bool:
    """Whether this process becomes (or is no longer) the parent of descendants that lose theirs. Linux only."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0) == 0)


class Orphans:
    """Finds and ends what the legs of one back-end leave behind.

    Args:
        job: the experiment's folder. Its marks are the same for whoever goes on with it, who so finds what an earlier
            process left: one process runs an experiment at a time.
    """

    def __init__(self, job: Path) -> None:
        self._token = hashlib.sha256(os.fsencode(job.resolve())).hexdigest()[:32]
        self._groups: set[int] = set()
        self._killed: set[int] = set()
        self._due = False
        self._next = 0.0
        self.found = 0

    @property
    def common_mark(self) -> str:
        """What the marks of all legs begin with, as an entry of the environment."""
        return f"{MARK}={self._token}/"

    def mark(self, trial_id: int, leg: int) -> dict[str, str]:
        return {MARK: f"{self._token}/{trial_id}.{leg}"}

    def end_earlier(self) -> None:
        """Before the first leg: end those of an earlier process, should it and its guard have been killed together."""
        patience = time.monotonic() + SECONDS_TO_DIE
        while (pids := marked(self.common_mark.encode())) and time.monotonic() < patience:
            for pid in pids:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)

    def count(self, group: int) -> None:
        """Take note of those in the group of a leg that has just ended by itself."""
        with contextlib.suppress(OSError):
            os.killpg(group, 0)  # only to ask whether there is anybody
            self.found += 1

    def leg_ended(self, group: int) -> None:
        """The leg that led this process group is gone, and what it left in the group was killed: see it die."""
        self._groups.add(group)
        self._due = True
        patience = time.monotonic() + SECONDS_TO_DIE
        self._reap()
        while group in self._groups and time.monotonic() < patience:
            time.sleep(0.001)
            self._reap()

    def sweep(self, running: Mapping[tuple[int, int], int], *, at_once: bool = False) -> None:
        """Kill what bears the mark of a leg that is not among `running`: (trial id, leg) -> pid.

        That reads the environment of every process, some milliseconds, so it is done once a second at most.
        """
        self._reap()
        if not self._due or (time.monotonic() < self._next and not at_once):
            return
        alive = {f"{trial_id}.{leg}".encode() for trial_id, leg in running}
        for pid, leg in marked(self.common_mark.encode()).items():
            if leg not in alive:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                self._killed.add(pid)
                self.found += 1
        self._reap()
        _reap_strangers(running.values())
        self._due = False
        self._next = time.monotonic() + SECONDS_BETWEEN_SWEEPS

    def _reap(self) -> None:
        """Take leave of the dead among those that became children of this process."""
        for group in list(self._groups):
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-group, os.WNOHANG)[0]:
                    pass
                continue  # some still die
            self._groups.discard(group)
        for pid in list(self._killed):
            try:
                gone = os.waitpid(pid, os.WNOHANG)[0] != 0
            except ChildProcessError:  # not a child of this process, or not yet
                gone = not os.path.exists(f"/proc/{pid}")
            if gone:
                self._killed.discard(pid)


def _reap_strangers(legs: Collection[int]) -> None:
    """Orphans that left their trial's session and died by themselves.

    Children that other code of this process started are told by this process's own session, and left alone.
    """
    while True:
        try:
            dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if dead is None or dead.si_pid in legs or _session(dead.si_pid) == os.getsid(0):
            return
        os.waitpid(dead.si_pid, 0)


def _session(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[3])
