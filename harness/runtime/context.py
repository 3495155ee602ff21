"""What is sent to the engine for a build, and what it says meanwhile."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import IO

from harness.errors import EnvironmentFault
from harness.runtime.bases import Say
from harness.runtime.wheels import Wheels


def pack(files: Sequence[Path], dockerfile: Path, wheels: Wheels, context: IO[bytes]) -> None:
    """The build context as a tar archive. Owner, mode and time are fixed: the builder's cache goes by them."""

    def normal(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        entry.mode = 0o755 if entry.isdir() else 0o644
        return entry

    with tarfile.open(fileobj=context, mode="w") as archive:
        for file in (dockerfile, *files):
            archive.add(file, arcname=file.name, filter=normal)
        archive.add(wheels.constraints, arcname="constraints.txt", filter=normal)
        archive.add(wheels.locked, arcname="wheels/locked", filter=normal)
        archive.add(wheels.extra, arcname="wheels/extra", filter=normal)
    context.seek(0)


def follow(lines: Generator[str, None, str], say: Say) -> str:
    """One short line for each step; of a step that fails also the end of its output. Returns the image's id."""
    output: list[str] = []
    try:
        while True:
            line = next(lines)
            if step := re.match(r"Step (\d+/\d+) : (.*)", line):
                say(f"  {step[1]} {step[2][:90]}")
                output.clear()
            else:
                output.append(line)
    except StopIteration as end:
        return str(end.value)
    except EnvironmentFault as error:
        raise EnvironmentFault("\n".join([*output[-20:], str(error)]), hint=_remedy(str(error))) from error


def _remedy(fault: str) -> str | None:
    if "no space left" in fault.lower():
        return "free space where the engine keeps its images (`docker system df`, `docker image prune`)"
    return None
