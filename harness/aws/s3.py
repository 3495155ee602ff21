"""Files to and from S3."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.aws.client import client, faults

BLOCK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """An object. `tag`: changes with its content."""

    key: str
    size: int
    tag: str


@dataclass
class Bucket:
    """One bucket. Methods raise EnvironmentFault for what AWS refuses.

    Args:
        kms_key: key that S3 encrypts what is put with; None for the bucket's own way.
    """

    name: str
    kms_key: str | None = None
    _s3: Any = field(default_factory=lambda: client("s3"), repr=False)

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def put(self, key: str, data: bytes) -> None:
        with faults(f"writing {self.uri(key)}"):
            self._s3.put_object(Bucket=self.name, Key=key, Body=data, **self._encryption())

    def put_file(self, key: str, path: Path) -> None:
        """In parts where the file is large."""
        with faults(f"writing {self.uri(key)}"):
            self._s3.upload_file(str(path), self.name, key, ExtraArgs=self._encryption())

    def get(self, key: str) -> bytes | None:
        """The object, None where there is none."""
        with faults(f"reading {self.uri(key)}"):
            try:
                data: bytes = self._s3.get_object(Bucket=self.name, Key=key)["Body"].read()
            except self._s3.exceptions.NoSuchKey:
                return None
        return data

    def get_file(self, key: str, path: Path) -> None:
        from harness.jobdir import replacing

        path.parent.mkdir(parents=True, exist_ok=True)
        with faults(f"reading {self.uri(key)}"), replacing(path) as file:
            self._s3.download_fileobj(self.name, key, file)

    def list(self, prefix: str) -> Iterator[Entry]:
        """All objects below a prefix."""
        with faults(f"a look into {self.uri(prefix)}"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield Entry(item["Key"], item["Size"], item["ETag"])

    def folders(self, prefix: str) -> Iterator[str]:
        """Names of the folders right below a prefix."""
        with faults(f"a look into {self.uri(prefix)}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix, Delimiter="/")
            for page in pages:
                for item in page.get("CommonPrefixes", ()):
                    yield item["Prefix"][len(prefix) :].rstrip("/")

    def exists(self, key: str) -> bool:
        return any(entry.key == key for entry in self.list(key))

    def remove(self, prefix: str) -> None:
        """Remove all objects below a prefix."""
        for entry in list(self.list(prefix)):
            with faults(f"removing {self.uri(entry.key)}"):
                self._s3.delete_object(Bucket=self.name, Key=entry.key)

    def upload_folder(self, folder: Path, files: Sequence[Path], under: str) -> tuple[str, bool]:
        """Upload files of a folder once: (key prefix that their content names, whether they had to be uploaded)."""
        prefix = f"{under}{folder_digest(folder, files)}/"
        # Written last, and outside of what jobs download: a torn upload is no upload.
        mark = f"{prefix.rstrip('/')}.complete"
        if self.exists(mark):
            return prefix, False
        for path in files:
            self.put_file(prefix + path.relative_to(folder).as_posix(), path)
        self.put(mark, b"")
        return prefix, True

    def _encryption(self) -> dict[str, str]:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key} if self.kms_key else {}


def folder_digest(folder: Path, files: Sequence[Path]) -> str:
    """16 hexadecimal digits of SHA-256 over names and contents."""
    total = hashlib.sha256()
    for path in files:
        name = path.relative_to(folder).as_posix().encode()
        total.update(len(name).to_bytes(4, "big") + name + path.stat().st_size.to_bytes(8, "big"))
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                total.update(block)
    return total.hexdigest()[:16]
