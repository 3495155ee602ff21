"""The files that a training script is made of: those of its folder and of the folders in it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from harness.blackbox.files import digest
from harness.errors import UsageError
from harness.jobdir import JobDir

MAX_FILES = 2000
# Larger files are data: they count by name and size, so that planning does not read gigabytes.
MAX_HASHED_BYTES = 10_000_000
# Of so many files a plan notes what each holds, so that one that changed can be named.
MAX_NOTED = 200
NO_CODE = (".pyc", ".md", ".log", ".out", ".err")
JOB_FILE = JobDir(Path()).job.name
_MANIFEST = re.compile(rb"^(benchmark_name|benchmarks):", re.MULTILINE)
_CHECKPOINTING = re.compile(r"\bst_checkpoint_dir\b|\badd_checkpointing_to_argparse\b")


def code_files(folder: Path) -> Iterator[Path]:
    """Files of the folder in a fixed order, without hidden ones, bytecode, texts (*.md), tests, manifests, results and
    what runs write beside scripts (*.log, *.out, *.err).

    UsageError where there are more than MAX_FILES.
    """
    count = 0
    for place, folders, names in os.walk(folder):
        if JOB_FILE in names:  # the results of an experiment, where they are kept beside the script
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(names):
            path = Path(place, name)
            if name.startswith((".", "test_")) or path.suffix in NO_CODE or not path.is_file() or _is_manifest(path):
                continue
            count += 1
            if count > MAX_FILES:
                raise UsageError(
                    f"{folder}: more than {MAX_FILES} files lie beside the script; put it in a folder of its own, "
                    "and name its data with --dataset_path"
                )
            yield path


def _is_manifest(path: Path) -> bool:
    if path.suffix not in (".yaml", ".yml") or path.stat().st_size > MAX_HASHED_BYTES:
        return False
    return _MANIFEST.search(path.read_bytes()) is not None


def folder_digest(script: Path) -> str:
    """16 hexadecimal digits for the script's name and the contents of its folder. OSError, UsageError as above."""
    total = hashlib.sha256(script.name.encode())
    for name, content in _contents(script.parent).items():
        total.update(f"\n{name} {content}".encode())
    return total.hexdigest()[:16]


def noted_files(folder: Path) -> dict[str, str]:
    """Name -> 8 characters on its content, of the first MAX_NOTED files. OSError, UsageError as above."""
    return {name: content[:8] for name, content in list(_contents(folder).items())[:MAX_NOTED]}


def differences(noted: Mapping[str, str], folder: Path) -> list[str]:
    """What is no longer as it was noted, in words."""
    present = noted_files(folder)
    changed = [name for name in present if name in noted and noted[name] != present[name]]
    words = {
        "changed": changed,
        "new": [name for name in present if name not in noted],
        "missing": [name for name in noted if name not in present],
    }
    return [f"{word}: {', '.join(names)}" for word, names in words.items() if names]


def _contents(folder: Path) -> Mapping[str, str]:
    """Name -> digest (of large files the size), in the order of `code_files`."""
    stamps = tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in code_files(folder))
    return _read(folder, stamps)


@cache
def _read(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> Mapping[str, str]:
    return {
        Path(text).relative_to(folder).as_posix(): digest(Path(text)) if size <= MAX_HASHED_BYTES else str(size)
        for text, size, _ in stamps
    }


def takes_checkpoints(script: Path) -> bool:
    """Whether the script or a module beside it speaks of the option `--st_checkpoint_dir`."""
    sources = [script, *(path for path in code_files(script.parent) if path.suffix == ".py")]
    return any(_CHECKPOINTING.search(path.read_text(encoding="utf-8", errors="replace")) for path in sources)
