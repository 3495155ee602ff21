"""A back-end that is closed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from local_trials import SCRIPTS, problem

from harness.backends.local import LocalBackend, imports_of
from harness.backends.sharing import SharedImports
from harness.benchmark import Calling
from harness.jobdir import JobDir


@pytest.fixture
def launcher() -> Iterator[SharedImports]:
    """What a launcher of several jobs holds."""
    shared = SharedImports()
    yield shared
    shared.close()


@pytest.fixture(params=["plain", "warm", "shared"])
def backend(
    tmp_path: Path, launcher: SharedImports, request: pytest.FixtureRequest
) -> Iterator[Callable[..., LocalBackend]]:
    """make(script, **entries of the space): a script of the fakes, or source code."""
    calling = Calling(preload=() if request.param == "plain" else ("argparse", "harness.reporter"))
    made: list[LocalBackend] = []

    def make(script: str, *, extra_args: Any = None, environment: Any = None, **entries: Any) -> LocalBackend:
        path = SCRIPTS / script
        if not script.endswith(".py"):
            path = tmp_path / "script.py"
            path.write_text(script)
        job = JobDir(tmp_path / "job")
        imports = imports_of(path, calling, {**os.environ, **(environment or {})}, 1)
        made.append(
            LocalBackend(
                script=path,
                problem=problem(**entries),
                job=job,
                extra_args=extra_args,
                environment=environment,
                calling=calling,
                shared=launcher.offer(imports) if request.param == "shared" else None,
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()
