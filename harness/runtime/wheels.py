"""Wheels for the image, downloaded by this machine's pip: a build then needs no network, certificates or indexes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.errors import EnvironmentFault
from harness.jobdir import replacing

# What `python3` in a base image prints for Target.of; glibc alone: wheels for musl are other files.
PROBE = "import sys, platform; print(*sys.version_info[:2], platform.machine(), *platform.libc_ver())"
OLDEST_GLIBC = 17


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/hpo-harness`, else `~/.cache/hpo-harness`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hpo-harness"


@dataclass(frozen=True)
class Target:
    """The Python that wheels are for.

    Attributes:
        python: "3.11".
        machine: as `uname -m` says it.
        glibc: minor version of glibc 2.
    """

    python: str
    machine: str
    glibc: int

    @classmethod
    def of(cls, probed: str) -> Target:
        """From what PROBE printed in the base. ValueError for a base without glibc or Python 3.11."""
        major, minor, machine, *libc = probed.split()
        if len(libc) != 2 or libc[0] != "glibc":
            raise ValueError("its C library is not glibc")
        if (int(major), int(minor)) < (3, 11):
            raise ValueError(f"its Python is {major}.{minor}, 3.11 is the oldest that will do")
        return cls(f"{major}.{minor}", machine, int(libc[1].split(".")[1]))

    def pip_arguments(self) -> list[str]:
        # pip takes a platform by its word, without the older ones that it can run as well.
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, OLDEST_GLIBC - 1, -1)]
        platforms.append(f"manylinux2014_{self.machine}")
        chosen = [word for platform in platforms for word in ("--platform", platform)]
        return ["--only-binary=:all:", "--implementation", "cp", "--python-version", self.python, *chosen]


@dataclass(frozen=True)
class Wheels:
    """Downloaded wheels. `extra` holds only what `locked` does not; `constraints` names the versions of `locked`."""

    locked: Path
    extra: Path
    constraints: Path


def download_wheels(lock: Path, torch: Path, dependencies: Path, target: Target) -> Wheels:
    """Wheels of the two lock files and of dependencies.txt, from the cache where it has them.

    EnvironmentFault where pip cannot get one of them, or gets another file than the one whose hash `lock` holds.
    """
    constraints = _constraints(lock, torch)
    key = _key(target, lock, torch)
    # A file with hashes wants one for everything: PyTorch, whose builds differ, comes by itself.
    locked = _kept(
        key,
        [
            ["--require-hashes", "--no-deps", "-r", str(lock)],
            ["-r", str(torch), "-c", str(constraints), "--find-links", "{dest}"],
        ],
        target,
    )
    if not _requirements(dependencies):
        return Wheels(locked, _empty(), constraints)
    words = ["-r", str(dependencies), "-c", str(constraints), "--find-links", str(locked)]
    extra = _kept(_key(target, lock, torch, dependencies), [words], target, without=locked)
    return Wheels(locked, extra, constraints)


def _constraints(*locks: Path) -> Path:
    """`name==version` of the lock files, without hashes, as a file of the cache."""
    lines = [
        line.split()[0] for lock in locks for line in lock.read_text().splitlines() if re.match(r"[\w.-]+==", line)
    ]
    text = "\n".join(lines) + "\n"
    file = cache_folder() / "wheels" / f"constraints-{hashlib.sha256(text.encode()).hexdigest()[:16]}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as aside:
        aside.write(text.encode())
    return file


def _requirements(file: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


def _key(target: Target, *files: Path) -> str:
    parts = [repr(target).encode(), *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _empty() -> Path:
    folder = cache_folder() / "wheels" / "none"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _kept(key: str, requests: list[list[str]], target: Target, without: Path | None = None) -> Path:
    """Folder of the cache, which exists only complete: pip fills a folder beside it, one request after the other.

    The word "{dest}" of a request stands for that folder.
    """
    folder = cache_folder() / "wheels" / key
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{key}."))
    try:
        for words in requests:
            given = [str(aside) if word == "{dest}" else word for word in words]
            _pip_download([*given, *target.pip_arguments(), "--dest", str(aside)])
        for wheel in aside.iterdir():
            if without is not None and (without / wheel.name).exists():
                wheel.unlink()
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _pip_download(words: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise EnvironmentFault(
            "pip cannot download the image's packages:\n" + "\n".join(lines[-5:]),
            hint="check pip's configuration (`pip config list`) and the network; wheels only, no source packages",
        )
