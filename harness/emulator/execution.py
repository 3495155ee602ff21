"""How a training job's container is run: what the life of a job asks of an executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol


class CannotStart(Exception):
    """Why there is no container: the job's FailureReason."""


class Execution(Protocol):
    """One container."""

    def lines(self) -> Iterable[str]:
        """Both outputs by lines, without line ends, to the end of the container."""

    def exit_code(self) -> int | None:
        """128 + number for a signal; None while it runs."""

    def terminate(self) -> None:
        """SIGTERM to the first process alone."""

    def kill(self) -> None:
        """SIGKILL to all its processes, those that outlive the first one too; none is left."""

    def close(self) -> None:
        """Remove what is left of it, once its output is read."""


class Executor(Protocol):
    def start(self, name: str, algorithm: Mapping[str, Any], root: Path, environment: Mapping[str, str]) -> Execution:
        """Run the AlgorithmSpecification with `root` as /opt/ml. CannotStart where that is not possible."""

    def close(self) -> None:
        """End what still runs."""
