"""S3 as the service itself uses it for a job: channels and checkpoints in, changed checkpoints and results out."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError


class StorageFault(Exception):
    """What cannot be read or written, in a line."""


@contextlib.contextmanager
def _faults(uri: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StorageFault(f"{uri}: {error}") from error


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of "s3://bucket/key"."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


class Storage:
    """Methods raise StorageFault."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def fetch(self, uri: str, folder: Path) -> int:
        """Every object whose key begins with the one of `uri`, so that `x` brings `x-1/...` too; returns their number.

        Names below `folder` begin after the prefix where that ends with a slash or a whole part, else after the last
        slash in it.
        """
        bucket, prefix = split(uri)
        found = 0
        with _faults(uri):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for key in (item["Key"] for page in pages for item in page.get("Contents", ())):
                name = _name(key, prefix)
                target = folder / name
                if not name or key.endswith("/") or not target.resolve().is_relative_to(folder.resolve()):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                self._client.download_file(bucket, key, str(target))
                found += 1
        return found

    def send(self, content: bytes, uri: str) -> None:
        bucket, key = split(uri)
        with _faults(uri):
            self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def send_results(self, folder: Path, uri: str, *, compressed: bool) -> str:
        """The folder as `uri`.tar.gz, or its files below `uri`; returns where it is, "" for an empty folder."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if not files:
            return ""
        if not compressed:
            for path in files:
                self.send(path.read_bytes(), f"{uri}/{path.relative_to(folder).as_posix()}")
            return f"{uri}/"
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            for path in files:
                tar.add(path, path.relative_to(folder).as_posix())
        self.send(archive.getvalue(), f"{uri}.tar.gz")
        return f"{uri}.tar.gz"


def _name(key: str, prefix: str) -> str:
    rest = key[len(prefix) :]
    if rest.startswith("/") or prefix.endswith("/") or not prefix:
        return rest.lstrip("/")
    return key[prefix.rfind("/") + 1 :]


class Checkpoints:
    """A folder and its copy in S3, which only ever gains: what a job deletes stays there."""

    def __init__(self, storage: Storage, uri: str, folder: Path) -> None:
        self._storage = storage
        self._uri = uri.rstrip("/")
        self._folder = folder
        self._sent: dict[Path, tuple[int, int]] = {}

    def fetch(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._storage.fetch(f"{self._uri}/", self._folder)
        self._sent = dict(self._files())

    def send_changes(self) -> None:
        for path, state in list(self._files()):
            if self._sent.get(path) != state:
                # The job goes on writing, and moves what it has written.
                with contextlib.suppress(FileNotFoundError):
                    self._storage.send(path.read_bytes(), f"{self._uri}/{path.relative_to(self._folder).as_posix()}")
                    self._sent[path] = state

    def _files(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for path in sorted(self._folder.rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    stat = path.stat()
                    yield path, (stat.st_mtime_ns, stat.st_size)
