"""An image without the traces of when and where it was built, so that two builds of one recipe are one image.

Builders that do not know SOURCE_DATE_EPOCH write the time of the build into every layer and into the configuration,
and the build's container into the latter. Here an image as `docker save` writes it is rewritten: the layers above the
base lose their times and names of owners, the configuration what a build leaves in it. Contents stay as they are.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

CREATED = "1970-01-01T00:00:00Z"
# Of an image's configuration: what depends on the build and not on its result.
TRACES = ("container", "container_config", "docker_version", "parent", "id")
TIMES = ("mtime", "atime", "ctime")
BLOCK = 1 << 20


def normalise(saved: IO[bytes], kept_layers: int, tag: str, result: IO[bytes]) -> str:
    """Write the image in `saved` to `result`, normalised and named `tag`; both are tar archives. Returns its id.

    Args:
        kept_layers: lowest layers, those of the base, that stay byte for byte.
    """
    with tarfile.open(fileobj=saved) as source, tarfile.open(fileobj=result, mode="w") as target:
        (manifest,) = json.load(_member(source, "manifest.json"))
        names, digests = [], []
        for index, path in enumerate(manifest["Layers"]):
            with tempfile.TemporaryFile(dir=_beside(saved)) as layer:
                if index < kept_layers:
                    _copy(_member(source, path), layer)
                else:
                    _rewrite(_member(source, path), layer)
                digests.append(_digest(layer))
                names.append(f"{index:03d}-{digests[-1][7:23]}.tar")
                _add(target, names[-1], layer)
        config = _configuration(json.load(_member(source, manifest["Config"])), digests)
        image_id = f"sha256:{hashlib.sha256(config).hexdigest()}"
        entry = {"Config": f"{image_id[7:]}.json", "RepoTags": [tag], "Layers": names}
        for name, text in ((entry["Config"], config), ("manifest.json", json.dumps([entry]).encode())):
            with tempfile.TemporaryFile() as file:
                file.write(text)
                _add(target, str(name), file)
    result.seek(0)
    return image_id


def _beside(archive: IO[bytes]) -> str | None:
    """Folder for big temporary files: that of the archive, whose caller chose a place with room; /tmp may be memory."""
    name = getattr(archive, "name", None)
    return str(Path(name).parent) if isinstance(name, str) else None


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    found = archive.extractfile(name)
    if found is None:
        raise ValueError(f"the saved image has no file {name}")
    return found


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while block := source.read(BLOCK):
        target.write(block)


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"  # type: ignore[arg-type]


def _add(target: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = file.seek(0, os.SEEK_END)
    file.seek(0)
    target.addfile(entry, file)


def _rewrite(source: IO[bytes], target: IO[bytes]) -> None:
    """A layer with the time of every entry at 0; what else makes its content (owners by number, modes) stays."""
    with (
        tarfile.open(fileobj=source, mode="r|*") as layer,
        tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as rewritten,
    ):
        for entry in layer:
            clean = copy.copy(entry)
            clean.mtime = 0
            clean.uname = clean.gname = ""
            clean.pax_headers = {name: value for name, value in entry.pax_headers.items() if name not in TIMES}
            rewritten.addfile(clean, layer.extractfile(entry) if entry.isreg() else None)


def _configuration(config: dict[str, Any], layers: list[str]) -> bytes:
    clean = {name: value for name, value in config.items() if name not in TRACES}
    clean["created"] = CREATED
    clean["rootfs"] = {"type": "layers", "diff_ids": layers}
    clean["history"] = [_step(step) for step in config.get("history") or ()]
    clean["config"] = {**config["config"], "Hostname": "", "Image": ""}
    return json.dumps(clean, sort_keys=True, separators=(",", ":")).encode()


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    # A local build says in its comment what it was imported from.
    return {**{name: value for name, value in step.items() if name != "comment"}, "created": CREATED}
