"""The only place that knows file names. Files are written aside and moved, so that a reader never sees half of one.

{root}/{tuner_name}/    a job: job.json events.jsonl results.csv.zip metadata.json status.json tuner.log
{root}/{tuner_name}/{trial_id}/    a trial: config.json std.out std.err checkpoints/ end|stop
{root}/.sweeps/{experiment_name}/  the record of a sweep: journal.jsonl lock broken/
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

# Names that `replacing` gives to files which are not complete yet.
_PARTIAL = re.compile(r"\..+\.[a-z0-9_]{8}")


def results_root() -> Path:
    """`$SYNETUNE_FOLDER`, else `~/syne-tune`: where Syne Tune's loaders look."""
    folder = os.environ.get("SYNETUNE_FOLDER")
    return Path(folder).expanduser().resolve() if folder else Path.home() / "syne-tune"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path`; on a clean exit it takes the place of `path` in one step."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, value: Any) -> None:
    with replacing(path) as file:
        file.write(json.dumps(value, indent=2).encode() + b"\n")


def read_json(path: Path) -> Any:
    """The file's value, None where there is no file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks here
        return True
    return True


@dataclass(frozen=True)
class JobDir:
    """The folder of one tuning experiment."""

    path: Path

    @property
    def job(self) -> Path:
        return self.path / "job.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def results(self) -> Path:
        return self.path / "results.csv.zip"

    @property
    def metadata(self) -> Path:
        return self.path / "metadata.json"

    @property
    def status(self) -> Path:
        return self.path / "status.json"

    @property
    def log(self) -> Path:
        return self.path / "tuner.log"

    @property
    def earlier_log(self) -> Path:
        """What the log held when it grew too long and began anew."""
        return self.path / "tuner.log.1"

    @property
    def smoke(self) -> Path:
        """What a trial run found."""
        return self.path / "smoke.json"

    @property
    def process(self) -> Path:
        """Who runs the job, for a later look-up: pid and start time."""
        return self.path / "process.json"

    def trial(self, trial_id: int) -> TrialDir:
        return TrialDir(self.path / str(trial_id))

    def trial_ids(self) -> list[int]:
        """Trials that have a folder."""
        return sorted(int(place.name) for place in self.path.iterdir() if place.name.isdecimal())

    def remove_partial(self) -> None:
        """Remove what a kill left of files that were being written (`replacing`). For when nobody writes here."""
        for place in (self.path, *(self.trial(trial_id).path for trial_id in self.trial_ids())):
            for path in place.glob(".*"):
                if path.is_file() and _PARTIAL.fullmatch(path.name):
                    path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def exclusive(self, patience: float = 0.0) -> Iterator[bool]:
        """Whether this process is the only one that runs the job, after `patience` seconds, and stays it while entered.

        A lock on the folder itself: the system lifts it when the process ends, however it does. Where the file
        system knows no locks, nobody is kept out.
        """
        handle = os.open(self.path, os.O_RDONLY)
        try:
            deadline = time.monotonic() + patience
            while not (alone := _lock(handle)) and time.monotonic() < deadline:
                time.sleep(0.1)
            yield alone
        finally:
            os.close(handle)


@dataclass(frozen=True)
class TrialDir:
    """The folder of one trial."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def stdout(self) -> Path:
        return self.path / "std.out"

    @property
    def stderr(self) -> Path:
        return self.path / "std.err"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def stamp(self, name: str) -> Path:
        """File `end` or `stop`, which holds the time a leg ended."""
        return self.path / name


@dataclass(frozen=True)
class SweepDir:
    """The record of a sweep, beside the jobs."""

    root: Path
    experiment_name: str

    @property
    def path(self) -> Path:
        return self.root / ".sweeps" / self.experiment_name

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def billed(self) -> Path:
        """What training jobs that have ended were charged for."""
        return self.path / "billed.json"

    @property
    def broken(self) -> Path:
        """Where the folders of broken attempts are moved to, out of the sight of loaders."""
        return self.path / "broken"

    def job(self, tuner_name: str) -> JobDir:
        return JobDir(self.root / tuner_name)
