"""The image to a registry: once, since its tag names its content."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import EnvironmentFault
from harness.runtime.bases import ROOT, Say
from harness.runtime.engine import Engine
from harness.runtime.image import REPOSITORY, ensure_image

SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class Pushed:
    """Where the image is. `digest`: as its registry has it, "sha256:..."."""

    repository: str
    tag: str
    digest: str

    @property
    def by_digest(self) -> str:
        return f"{self.repository}@{self.digest}"


def push_image(repository: str | None = None, base: str = "auto", say: Say = print, root: Path = ROOT) -> Pushed:
    """Push the image, built where needed, unless the registry has its tag; EnvironmentFault where a step fails.

    `repository`: a name in the account's ECR (default: hpo-harness), or the address of one in any other registry,
    for which `docker login` keeps the credentials.
    """
    image = ensure_image(base, say, root)
    tag = image.rpartition(":")[2]
    with contextlib.closing(Engine.connect()) as engine:
        if repository is not None and _is_address(repository):
            return _push_elsewhere(engine, image, repository, tag, say)
        return _push_to_ecr(engine, image, repository or REPOSITORY, tag, say)


def _is_address(repository: str) -> bool:
    """Whether the first part is a host, as Docker tells it: it has a dot or a port, or is localhost."""
    host, slash, _ = repository.partition("/")
    return bool(slash) and (host == "localhost" or bool(re.search(r"[.:]", host)))


def _push_to_ecr(engine: Engine, image: str, name: str, tag: str, say: Say) -> Pushed:
    from harness.aws.ecr import Ecr

    ecr = Ecr()
    address = ecr.repository(name)
    digest = ecr.digest(name, tag)
    if digest is not None:
        say(f"{address}:{tag} is there already")
        return Pushed(address, tag, digest)
    return _push(engine, image, address, tag, ecr.login(), say)


def _push_elsewhere(engine: Engine, image: str, address: str, tag: str, say: Say) -> Pushed:
    # A registry answers alike for what is not there and for what one may not see: the push itself will tell.
    with contextlib.suppress(EnvironmentFault):
        digest = engine.digest_of(address, tag)
        say(f"{address}:{tag} is there already")
        return Pushed(address, tag, digest)
    return _push(engine, image, address, tag, None, say)


def _push(engine: Engine, image: str, address: str, tag: str, login: Mapping[str, str] | None, say: Say) -> Pushed:
    say(f"pushing {address}:{tag}")
    start = time.monotonic()
    try:
        digest = _follow(engine.push(image, address, tag, login), say)
    except EnvironmentFault as error:
        if re.search(r"unauthorized|denied|no basic auth|authentication", str(error)):
            hint = f"log in first: docker login {address.partition('/')[0]}"
            raise EnvironmentFault(f"{address} does not let us push: {error}", hint=hint) from error
        raise
    if not digest:
        raise EnvironmentFault(f"{address} gave no digest for {tag}: the push did not end")
    say(f"pushed {tag} in {time.monotonic() - start:.0f} s")
    return Pushed(address, tag, digest)


def _follow(events: Generator[str, None, str], say: Say) -> str:
    """A line on some layer every few seconds; returns the digest."""
    due = time.monotonic() + SECONDS_BETWEEN_LINES
    try:
        while True:
            event = next(events)
            if time.monotonic() >= due:
                say(f"  {event}")
                due = time.monotonic() + SECONDS_BETWEEN_LINES
    except StopIteration as end:
        return str(end.value)
