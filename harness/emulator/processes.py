"""Training jobs as plain processes of this machine: no image, no isolation, the interpreter that runs the emulator."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.backends.guard import kill_all
from harness.emulator.execution import CannotStart
from harness.runtime.bases import ROOT

# What /opt/ml is in a job that runs without a container; our entry point reads it.
ML_ROOT = "HPO_ML_ROOT"
INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "TZ")
ML_PATH = re.compile(r"(?<![\w./-])/opt/ml(?=/|$|[:,;])")


class Process:
    """The first process of a job and its descendants, whom the mark in their environment tells."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._mark = f"{ML_ROOT}={environment[ML_ROOT]}\0".encode()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )

    def lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                yield line.decode("utf-8", "replace").rstrip("\r\n")

    def exit_code(self) -> int | None:
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()
        kill_all(self._mark)
        self._process.wait()

    def close(self) -> None:
        """Nothing is left."""


class ProcessExecutor:
    """ContainerEntrypoint and ContainerArguments are run as they are, but for what has another place here.

    Environment: of the emulator's own what programs need to start, HOME being a folder of the job.
    """

    def start(self, name: str, algorithm: Mapping[str, Any], root: Path, environment: Mapping[str, str]) -> Process:
        if "ContainerEntrypoint" not in algorithm:
            raise CannotStart(
                "AlgorithmError: without a container only jobs with a ContainerEntrypoint can be run, not an image's "
                "own `train`; start the emulator with --executor docker"
            )
        words = [*algorithm["ContainerEntrypoint"], *algorithm.get("ContainerArguments", ())]
        home = root.parent / "home"
        home.mkdir(exist_ok=True)
        inherited = {key: os.environ[key] for key in INHERITED if key in os.environ}
        given = {key: self._here(value, root) for key, value in environment.items()}
        try:
            return Process(
                [self._here(word, root) for word in words],
                home,
                {**inherited, "HOME": str(home), **given, ML_ROOT: str(root)},
            )
        except OSError as error:
            raise CannotStart(f"AlgorithmError: {words[0]}: {error.strerror}, exit code: 127") from error

    def _here(self, word: str, root: Path) -> str:
        """A word of the command with paths of the image replaced by those of this machine."""
        own = {
            "python": sys.executable,
            "python3": sys.executable,
            "/opt/entrypoint.py": str(ROOT / "docker" / "entrypoint.py"),
        }
        return own.get(word) or ML_PATH.sub(lambda _: str(root), word)

    def close(self) -> None:
        """Each job ends its own processes."""
