"""Where jobs run. A runtime makes a request (plain data) of a job folder, and a running job of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol


class JobState(StrEnum):
    """State of a submitted job. LOST: the runtime knows nothing of it (never started, or swept away)."""

    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


@dataclass(frozen=True)
class Limits:
    """What a job may use of a machine; runtimes that cannot hold it to that ignore it.

    Attributes:
        cpus: processors, a fraction possible; None for all.
        memory: with k, m or g ("300m"); None for all.
        gpus: None for none, -1 for all.
        network: whether it may open connections.
    """

    cpus: float | None = None
    memory: str | None = None
    gpus: int | None = None
    network: bool = False


@dataclass(frozen=True)
class Request:
    """What will be launched, complete and printable.

    Attributes:
        name: the job's tuner name; submitting the same name twice launches once.
        folder: the job folder, the only place that the job writes to.
        command: argument list.
        environment: variables that are set for the job.
        mounts: folder on this machine -> path that the job sees it under, read-only. Empty for processes.
        details: what only this runtime needs (image, user, ...).
    """

    name: str
    folder: Path
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


class Runtime(Protocol):
    def request(self, name: str, folder: Path, data: Mapping[str, Path], limits: Limits) -> Request:
        """Pure. `data`: argument of the training script -> folder of its data set on this machine."""
        ...

    def submit(self, request: Request) -> None:
        """Launch. Idempotent by the request's name. EnvironmentFault where the runtime cannot."""
        ...

    def poll(self, names: Sequence[str]) -> Mapping[str, JobState]:
        """State of each job, in one call; also of jobs that another process launched (by name)."""
        ...

    def cancel(self, name: str) -> None:
        """End the job and all its processes; first politely, so that it can save its state. Idempotent."""
        ...

    def collect(self, name: str, folder: Path) -> None:
        """Bring home what the job left elsewhere (output that never reached the folder); forget the job."""
        ...

    def close(self) -> None: ...
