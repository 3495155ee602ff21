"""One leg of a trial: its process, and what it prints."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from subprocess import Popen

from harness.backends.capture import CappedLog, Stream
from harness.backends.process import abort, exit_descriptor, spawn
from harness.core.trial import Trial
from harness.jobdir import TrialDir


@dataclass(frozen=True)
class Leg:
    """Attributes:
    number: the trial's leg counter when it was launched.
    exit_fd: becomes readable when the process has ended.
    """

    trial_id: int
    number: int
    folder: TrialDir
    process: Popen[bytes]
    exit_fd: int
    out: Stream
    err: Stream

    @property
    def streams(self) -> tuple[Stream, Stream]:
        return self.out, self.err

    def tail(self) -> str:
        """Last lines of standard error, of standard output where the former is empty."""
        return self.err.tail() or self.out.tail()


def launch(trial: Trial, folder: TrialDir, command: Sequence[str], environment: Mapping[str, str]) -> Leg:
    """Start the leg's process. OSError or ValueError where that fails; nothing of it is left then."""
    with contextlib.ExitStack() as undo:
        out_log, err_log = CappedLog(folder.stdout), CappedLog(folder.stderr)
        undo.callback(out_log.close)
        undo.callback(err_log.close)
        process = spawn(command, folder=folder.path, environment=environment)
        undo.callback(abort, process)
        exit_fd = exit_descriptor(process)
        undo.pop_all()
    assert process.stdout is not None and process.stderr is not None
    out, err = Stream(process.stdout, out_log, scan=True), Stream(process.stderr, err_log, scan=False)
    return Leg(trial.trial_id, trial.leg, folder, process, exit_fd, out, err)
