"""Files beside a local trial, and what is done where they cannot be written."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Iterator

from harness.errors import EnvironmentFault
from harness.jobdir import TrialDir, replacing

logger = logging.getLogger(__name__)


def remove_checkpoints(folder: TrialDir) -> None:
    if folder.checkpoints.exists():
        with tolerated("checkpoints are left behind"):
            shutil.rmtree(folder.checkpoints)


def stamp(folder: TrialDir, name: str) -> None:
    """Seconds since the epoch, as Syne Tune's files `end` and `stop` hold them."""
    with tolerated("no time stamp"), replacing(folder.stamp(name)) as file:
        file.write(f"{time.time()}\n".encode())


@contextlib.contextmanager
def tolerated(what: str) -> Iterator[None]:
    """An experiment does not end for what is written beside it."""
    try:
        yield
    except OSError as error:
        logger.warning("%s: %s", what, error)


@contextlib.contextmanager
def environment_faults(folder: TrialDir) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(f"the trial's folder {folder.path} cannot be written: {error}") from error
