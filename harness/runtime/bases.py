"""What the image is built on: the table `docker/bases.toml`, and its entries on this machine's engine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentFault, UsageError
from harness.registry import did_you_mean
from harness.runtime.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
BASES = ROOT / "docker" / "bases.toml"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Base:
    """An image to build on.

    Attributes:
        name: in the table, or the reference itself for a user's own.
        reference: "repository:tag".
        digest: "sha256:..." of what the registry gave for the tag when it was pinned, None where it is not.
        made_here: by scripts/make_base_image.py instead of pulled.
    """

    name: str
    reference: str
    digest: str | None = None
    made_here: bool = False

    @property
    def pinned(self) -> str:
        """What to pull: by digest where there is one."""
        return f"{_repository(self.reference)}@{self.digest}" if self.digest else self.reference


def _repository(reference: str) -> str:
    """Without tag; a colon before the last slash is a port."""
    head, slash, last = reference.rpartition("/")
    return head + slash + last.partition(":")[0]


def choices(base: str, file: Path = BASES) -> list[Base]:
    """The bases that may serve for "auto", a name of the table or a reference, most wanted first.

    UsageError for a name that is neither, EnvironmentFault where one needs a region and there is none.
    """
    entries = tomllib.loads(file.read_text())
    auto = entries.pop("auto")
    if base == "auto":
        return [_entry(name, entries[name]) for name in auto]
    if base in entries:
        return [_entry(base, entries[base])]
    if not re.search(r"[:/@]", base):
        known = ", ".join(["auto", *entries])
        raise UsageError(
            f"unknown base '{base}'{did_you_mean(base, entries)}; choose from: {known}, or give a reference "
            "such as registry/name:tag"
        )
    reference, _, digest = base.partition("@")
    return [Base(base, reference, digest or None)]


def _entry(name: str, fields: Mapping[str, Any]) -> Base:
    reference = fields["reference"]
    if "{region}" in reference:
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise EnvironmentFault(f"the base {name} needs a region", hint="set AWS_REGION, e.g. AWS_REGION=us-west-2")
        reference = reference.replace("{region}", region)
    return Base(name, reference, fields.get("digest"), fields.get("made_here", False))


def at_hand(engine: Engine, bases: list[Base]) -> Base | None:
    """The first that the engine holds."""
    return next((base for base in bases if engine.image(base.pinned) is not None), None)


def ensure_base(engine: Engine, base: str, say: Say, file: Path = BASES) -> Base:
    """A base that the engine holds: found, pulled or made. EnvironmentFault where none can be had."""
    bases = choices(base, file)
    found = at_hand(engine, bases)
    if found is not None:
        return found
    *others, last = bases
    for one in others:
        with contextlib.suppress(EnvironmentFault):
            return _have(engine, one, say)
        say(f"{one.pinned} cannot be pulled: trying {last.name}")
    return _have(engine, last, say)


def _have(engine: Engine, base: Base, say: Say) -> Base:
    if base.made_here:
        _make(base.reference, say)
        return base
    say(f"pulling {base.pinned}")
    try:
        engine.pull(base.pinned)
    except EnvironmentFault as error:
        hint = "log in to its registry, or build on what this machine makes: --base local"
        raise EnvironmentFault(f"the base {base.pinned} cannot be pulled: {error}", hint=hint) from error
    if base.digest is None:
        say(f"{base.reference} is not pinned: its content may change (`harness image pin {base.name}`)")
    return base


def _make(reference: str, say: Say) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "make_base_image.py"), "--tag", reference]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as running:
        for line in running.stdout or ():
            say(line.rstrip())
        fault = running.stderr.read().strip() if running.stderr else ""
    if running.returncode:
        raise EnvironmentFault(f"no base image: {fault}", hint="or name a base that is here: --base REFERENCE")


def content_id(image: Mapping[str, Any]) -> str:
    """What an image is by its content: equal for equal layers, platform and variables, whenever it was made.

    Args:
        image: as `docker image inspect` shows it.
    """
    parts = [image["Os"], image["Architecture"], *image["RootFS"]["Layers"], *(image["Config"].get("Env") or ())]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return f"sha256:{digest.hexdigest()}"


def pin(engine: Engine, name: str, file: Path = BASES) -> str:
    """Write the digest that the registry has for the base's tag now into the table; returns it."""
    (base,) = choices(name, file)
    if base.made_here or base.name == base.reference:
        raise UsageError(f"only a pulled base of {file.name} can be pinned, not '{name}'")
    repository = _repository(base.reference)
    digest = engine.digest_of(repository, base.reference.removeprefix(f"{repository}:"))
    text = file.read_text()
    section = re.search(rf"(?ms)^\[{re.escape(name)}\]\n.*?(?=^\[|^#|\Z)", text)
    if section is None:
        raise UsageError(f"{file.name} has no table [{name}]")
    lines = [line for line in section[0].splitlines() if line and not line.startswith("digest")]
    pinned = "\n".join([*lines, f'digest = "{digest}"']) + "\n"
    rest = text[section.end() :]
    file.write_text(text[: section.start()] + pinned + ("\n" + rest if rest else ""))
    return digest
