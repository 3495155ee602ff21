"""The file of an experiment's log, of bounded size."""

from __future__ import annotations

import logging
import os
import shutil

from harness.jobdir import JobDir, replacing

LOG_CAP = 20_000_000


class CappedLogFile(logging.FileHandler):
    """Appends to the log; what exceeds half of `cap` bytes becomes `tuner.log.1`, and the file begins anew.

    It is emptied, not renamed: the launcher opened it too, for what the job prints, and follows it.
    """

    def __init__(self, folder: JobDir, cap: int = LOG_CAP) -> None:
        super().__init__(folder.log, encoding="utf-8")
        self._folder = folder
        self._half = cap // 2

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        try:
            if os.stat(self.baseFilename).st_size > self._half:
                self._rotate()
        except OSError:  # a full disk, a folder that was removed: the experiment goes on
            self.handleError(record)

    def _rotate(self) -> None:
        with open(self.baseFilename, "rb") as log, replacing(self._folder.earlier_log) as before:
            shutil.copyfileobj(log, before)
        os.truncate(self.baseFilename, 0)
