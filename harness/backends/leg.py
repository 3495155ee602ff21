"""One leg of a trial: its process, and what it prints."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from harness.backends.capture import CappedLog, Stream
from harness.backends.process import Child, Spawned, abort, exit_descriptor
from harness.cgroup import oom_kills
from harness.core.trial import Trial
from harness.jobdir import TrialDir


@dataclass(frozen=True)
class Leg:
    """Attributes:
    number: the trial's leg counter when it was launched.
    exit_fd: becomes readable when the process has ended.
    oom_kills_before: processes that the kernel had killed for lack of memory when it was launched.
    """

    trial_id: int
    number: int
    folder: TrialDir
    process: Child
    exit_fd: int
    out: Stream
    err: Stream
    oom_kills_before: int

    @property
    def streams(self) -> tuple[Stream, Stream]:
        return self.out, self.err

    def tail(self) -> str:
        """Last lines of standard error, of standard output where the former is empty."""
        return self.err.tail() or self.out.tail()


def launch(trial: Trial, folder: TrialDir, spawn: Callable[[], Spawned]) -> Leg:
    """Start the leg's process. What `spawn` raises, or OSError; nothing of it is left then."""
    kills = oom_kills()
    with contextlib.ExitStack() as undo:
        out_log, err_log = CappedLog(folder.stdout), CappedLog(folder.stderr)
        undo.callback(out_log.close)
        undo.callback(err_log.close)
        spawned = spawn()
        undo.callback(abort, spawned)
        exit_fd = exit_descriptor(spawned.process)
        undo.pop_all()
    out, err = Stream(spawned.out, out_log, scan=True), Stream(spawned.err, err_log, scan=False)
    return Leg(trial.trial_id, trial.leg, folder, spawned.process, exit_fd, out, err, kills)
