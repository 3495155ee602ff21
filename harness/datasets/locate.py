"""Find a data set: the user's folder, the cache, the system's folder; else fetch it into the cache, once."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.datasets import sources
from harness.datasets.model import Dataset, Unavailable
from harness.datasets.verify import Verifier
from harness.errors import EnvironmentFault

Say = Callable[[str], None]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def cache_root() -> Path:
    """`$XDG_CACHE_HOME` or `~/.cache`, folder hpo-harness/datasets."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
    if not os.path.isabs(base):
        raise EnvironmentFault("this user has no home folder for the data cache", hint="set XDG_CACHE_HOME")
    return Path(base) / "hpo-harness" / "datasets"


def tables_root() -> Path:
    """Folder of imported tables, in the cache."""
    return cache_root().parent / "tables"


def locate(dataset: Dataset, *, folder: str | None = None, say: Say = _say) -> Path:
    """Absolute path of a folder that holds the data set's files, verified.

    Args:
        folder: where the user says they lie. Then nowhere else is looked.
        say: gets a line for what takes time or deserves notice; standard error by default.

    Raises:
        EnvironmentFault: not available, or the cache cannot be written.
    """
    root = cache_root()
    verifier = Verifier(root / f"{dataset.name}.verified.json")
    if folder is not None:
        return _given(dataset, Path(folder).expanduser().absolute(), verifier, say)
    cache = root / dataset.name
    tried = []
    for place in (cache, *([Path(dataset.debian.folder)] if dataset.debian else [])):
        fault = verifier.fault(place, dataset.files)
        if fault is None:
            return place
        tried.append(f"{place}: {fault}")
    try:
        return _fetch_once(dataset, cache, verifier, say, tried)
    except OSError as error:
        raise EnvironmentFault(
            f"the data set '{dataset.name}' cannot be stored in {root}: {error.strerror or error}",
            hint="free space there, or set XDG_CACHE_HOME to a folder that can be written",
        ) from error


def _given(dataset: Dataset, folder: Path, verifier: Verifier, say: Say) -> Path:
    fault = verifier.fault(folder, dataset.files)
    if fault is None:
        return folder
    for sample, files in dataset.samples.items():
        if verifier.fault(folder, files) is None:
            say(f"{folder} holds {sample} of the data set '{dataset.name}', not all of it")
            return folder
    raise EnvironmentFault(f"the data set '{dataset.name}' is not in {folder}: {fault}", hint=_remedy(dataset))


def _remedy(dataset: Dataset) -> str:
    steps = [f"name a folder that holds {', '.join(dataset.files)} with --dataset_path"]
    if dataset.debian:
        steps.append(f"or, on Debian and Ubuntu, run: apt-get install {dataset.debian.name}")
    return " ".join(steps)


def _fetch_once(dataset: Dataset, cache: Path, verifier: Verifier, say: Say, tried: list[str]) -> Path:
    """Fetch under a lock, so that of two processes the second finds what the first one stored."""
    from filelock import FileLock, Timeout

    cache.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(cache.parent / f".{dataset.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process fetches the data set '{dataset.name}': waiting for it")
        lock.acquire()
    try:
        if verifier.fault(cache, dataset.files) is None:
            return cache
        for leftover in cache.parent.glob(f".{dataset.name}.fetch-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        return _fetch(dataset, cache, verifier, say, tried)
    finally:
        lock.release()


def _sources(dataset: Dataset) -> Iterator[tuple[str, Callable[[Path], None]]]:
    if dataset.url:
        yield f"download from {dataset.url}", lambda target: sources.download(dataset, target)
    if package := dataset.debian:
        yield f"Debian package {package.name}", lambda target: sources.debian(package, target)


def _fetch(dataset: Dataset, cache: Path, verifier: Verifier, say: Say, tried: list[str]) -> Path:
    for label, fetch in _sources(dataset):
        with tempfile.TemporaryDirectory(prefix=f".{dataset.name}.fetch-", dir=cache.parent) as work:
            target = Path(work) / "new"
            target.mkdir()
            say(f"data set '{dataset.name}': trying {label}")
            try:
                fetch(target)
            except Unavailable as reason:
                tried.append(f"{label}: {reason}")
                continue
            # The record is for places that stay: what was just fetched is read in any case.
            fault = Verifier(Path(work) / "record").fault(target, dataset.files)
            if fault:
                tried.append(f"{label}: {fault}")
                continue
            if cache.exists():
                cache.rename(Path(work) / "old")
            target.rename(cache)
            verifier.accept(cache, dataset.files)
            say(f"data set '{dataset.name}': stored in {cache}")
            return cache
    lines = "".join(f"\n  {line}" for line in tried)
    raise EnvironmentFault(f"the data set '{dataset.name}' is not available; tried:{lines}", hint=_remedy(dataset))
