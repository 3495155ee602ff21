"""A tool's process, as the campaign sees it."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class WorkerFault(Exception):
    """The tool raised, ended, or took longer than it may."""


class ToolFault(WorkerFault):
    """The tool itself raised: it would again."""


@dataclass(frozen=True)
class Answer:
    """Seconds of wall clock and of CPU are those of the call inside the tool's process."""

    result: Any
    wall: float
    cpu: float


class Worker:
    """Runs `target` ("module:class" of `bench.peers`) in a process of the interpreter `python`, with one BLAS thread.

    Attributes:
        versions: distribution -> version, as installed there.
        import_seconds: what importing the adapter (and the tool, where it imports it at once) took.
    """

    def __init__(self, python: Path, target: str, distributions: Sequence[str] = (), patience: float = 600.0) -> None:
        self._patience = patience
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the worker
        self._process = subprocess.Popen(
            [str(python), "-m", "bench.peers.serve", target, *distributions],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=ROOT,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        try:
            facts = self._read()
        except WorkerFault:
            self.close()
            raise
        self.versions: dict[str, str] = facts["versions"]
        self.import_seconds: float = facts["import"]

    def call(self, method: str, **arguments: Any) -> Answer:
        """WorkerFault where the tool fails or exceeds its patience; the worker is of no use then."""
        assert self._process.stdin is not None
        try:
            print(json.dumps({"method": method, "arguments": arguments}), file=self._process.stdin, flush=True)
        except OSError as error:
            raise WorkerFault(self._last_words() or str(error)) from error
        answer = self._read()
        if "error" in answer:
            raise ToolFault(answer["error"])
        return Answer(answer["result"], answer["wall"], answer["cpu"])

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # and whatever it has started
        self._process.wait()
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        deadline = time.monotonic() + self._patience
        if not self._selector.select(deadline - time.monotonic()):
            raise WorkerFault(f"no answer within {self._patience:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise WorkerFault(self._last_words() or "the process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors if line.strip()]
        return lines[-1] if lines else ""
