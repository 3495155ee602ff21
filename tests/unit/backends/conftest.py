"""A back-end that is closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from local_trials import SCRIPTS, problem

from harness.backends.local import LocalBackend
from harness.benchmark import Calling
from harness.jobdir import JobDir


@pytest.fixture(params=["plain", "warm"])
def backend(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., LocalBackend]]:
    """make(script, **entries of the space): a script of the fakes, or source code."""
    calling = Calling(preload=("argparse", "harness.reporter") if request.param == "warm" else ())
    made: list[LocalBackend] = []

    def make(script: str, *, extra_args: Any = None, environment: Any = None, **entries: Any) -> LocalBackend:
        path = SCRIPTS / script
        if not script.endswith(".py"):
            path = tmp_path / "script.py"
            path.write_text(script)
        job = JobDir(tmp_path / "job")
        made.append(
            LocalBackend(
                script=path,
                problem=problem(**entries),
                job=job,
                extra_args=extra_args,
                environment=environment,
                calling=calling,
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()
