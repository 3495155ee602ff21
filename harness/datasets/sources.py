"""Where a data set can be fetched from. Each source fills a folder, or raises Unavailable with the reason.

An OSError that leaves these functions is a fault of this machine (disk full, no permission), not of the source.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError

from harness.datasets.model import Dataset, DebianPackage, Unavailable

CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
_INDEX_SECONDS = 120.0
_PACKAGE_SECONDS = 900.0
_CHUNK = 1 << 18


@contextlib.contextmanager
def _bar(text: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, only where that is a terminal. Yields `advance(bytes)`."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(text, total=total)
        yield lambda count: progress.advance(task, count)


def download(dataset: Dataset, target: Path) -> None:
    """Fetch the files from the web server of `dataset.url`."""
    for name in dataset.files:
        with _open(f"{str(dataset.url).rstrip('/')}/{name}") as response, (target / name).open("wb") as file:
            with _bar(name, response.length) as advance:
                while chunk := _read(response):
                    file.write(chunk)
                    advance(len(chunk))
            if response.length:
                raise Unavailable(f"the connection ended early, within {name}")


def _open(url: str) -> HTTPResponse:
    """The server's answer; Unavailable if there is none within CONNECT_SECONDS.

    A thread, since a socket's own timeout holds for each of a host's addresses and not for the look-up of its name.
    """
    answers: list[HTTPResponse | Exception] = []

    def ask() -> None:
        try:
            answers.append(urllib.request.urlopen(url, timeout=_READ_SECONDS))
        except HTTPError as error:
            error.close()
            answers.append(error)
        except URLError as error:
            answers.append(Exception(error.reason))
        except (OSError, HTTPException, ValueError) as error:
            answers.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    if not answers:
        raise Unavailable(f"no answer within {CONNECT_SECONDS:.0f} s")
    answer = answers[0]
    if isinstance(answer, Exception):
        raise Unavailable(str(answer))
    return answer


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except (OSError, HTTPException) as error:
        raise Unavailable(str(error) or type(error).__name__) from error


def debian(package: DebianPackage, target: Path) -> None:
    """Fetch and unpack a Debian package by the sources of this machine, as any user, without installing it.

    Lists and cache are private, since those of the system can be empty or may not be written; apt's own signature
    checks hold. `target` is filled with the files of the package's folder.
    """
    work = target.with_name(f"{target.name}.apt")
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True)
    options = [
        f"Dir::State::lists={work}/lists",
        f"Dir::Cache={work}/cache",
        "Acquire::Languages=none",
        "Acquire::Retries=1",
        "Acquire::http::Timeout=10",
        "Acquire::https::Timeout=10",
        "APT::Sandbox::User=root",  # root's helper user could not enter the private folders
    ]
    apt = ["apt-get", "-q", *(word for option in options for word in ("-o", option))]
    with _bar(f"Debian package {package.name}", None):
        # One unreachable archive of several must not end the search: only the download's outcome counts.
        _, lists = _run([*apt, "update"], work, _INDEX_SECONDS)
        code, log = _run([*apt, "download", package.name], work, _PACKAGE_SECONDS)
        archives = sorted(work.glob("*.deb"))
        if code or not archives:
            raise Unavailable(_complaints(lists + log) or f"apt-get ended with exit code {code}")
        code, log = _run(["dpkg-deb", "-x", str(archives[0]), str(work / "root")], work, _PACKAGE_SECONDS)
        if code:
            raise Unavailable(f"dpkg-deb: {log.strip()}")
    source = work / "root" / package.folder.lstrip("/")
    if not source.is_dir():
        raise Unavailable(f"the package does not hold {package.folder}")
    for path in source.iterdir():
        path.rename(target / path.name)


def _run(command: list[str], folder: Path, seconds: float) -> tuple[int, str]:
    """Exit code and output of a command that is run in a folder."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except FileNotFoundError:
        raise Unavailable(f"no {command[0]} on this machine (not Debian or Ubuntu?)") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} did not end within {seconds:.0f} s") from None
    return done.returncode, done.stdout


def _complaints(log: str) -> str:
    """apt's errors, and its first warning, which tells what an error comes from."""
    lines = [line.strip() for line in log.splitlines()]
    warnings = [line for line in lines if line.startswith("W: Failed to fetch")][:1]
    return "; ".join(warnings + [line for line in lines if line.startswith("E:")])
