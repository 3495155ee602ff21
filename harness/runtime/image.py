"""The locked image that jobs run in: named by what it is made of, so that an unchanged one is never built again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from harness.errors import EnvironmentFault
from harness.runtime.engine import Engine
from harness.runtime.wheels import PROBE, Target, Wheels, cache_folder, download_wheels

PUBLIC_BASE = "python:3.11-slim-bookworm"
LOCAL_BASE = "hpo-harness-base:bookworm"
REPOSITORY = "hpo-harness"
ROOT = Path(__file__).resolve().parents[2]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """The files that an image is made of."""

    dockerfile: Path
    lock: Path
    dependencies: Path

    @classmethod
    def of(cls, root: Path = ROOT) -> Recipe:
        """Of a checkout of the project; EnvironmentFault where it lacks one of the files."""
        recipe = cls(root / "docker" / "Dockerfile", root / "docker" / "requirements.lock", root / "dependencies.txt")
        missing = [str(file) for file in recipe.files() if not file.is_file()]
        if missing:
            raise EnvironmentFault(
                f"the image cannot be built without {', '.join(missing)}", hint="use a full checkout"
            )
        return recipe

    def files(self) -> tuple[Path, ...]:
        return self.dockerfile, self.lock, self.dependencies

    def tag(self, base_id: str) -> str:
        """`hpo-harness:c-` and 16 hexadecimal digits of a hash over the files' bytes and the base's id."""
        digest = hashlib.sha256()
        for part in (base_id.encode(), *(file.read_bytes() for file in self.files())):
            digest.update(len(part).to_bytes(8, "big") + part)
        return f"{REPOSITORY}:c-{digest.hexdigest()[:16]}"


def ensure_image(base: str = "auto", say: Say = print, root: Path = ROOT) -> str:
    """Tag of the image, built where the engine lacks it.

    `base`: a reference, "local" (made of Debian's packages) or "auto" (the public one, local where it cannot be
    pulled; what is at hand already comes first). EnvironmentFault where there is no engine or a step fails.
    """
    recipe = Recipe.of(root)
    with contextlib.closing(Engine.connect()) as engine, _one_at_a_time(say):
        reference = _base(engine, base, say)
        tag = _tag(engine, recipe, reference)
        if engine.image(tag) is None:
            _build(engine, recipe, reference, tag, say)
    return tag


@dataclass(frozen=True)
class ImageInfo:
    """State of the image, without building anything. Fields that depend on a base that is not here are None."""

    base: str
    tag: str | None
    built: bool
    size: int | None
    image_id: str | None


def image_info(base: str = "auto", root: Path = ROOT) -> ImageInfo:
    recipe = Recipe.of(root)
    with contextlib.closing(Engine.connect()) as engine:
        reference = _at_hand(engine, base)
        if reference is None:
            return ImageInfo(base, None, False, None, None)
        tag = _tag(engine, recipe, reference)
        found = engine.image(tag)
        return ImageInfo(reference, tag, found is not None, (found or {}).get("Size"), (found or {}).get("Id"))


def _tag(engine: Engine, recipe: Recipe, reference: str) -> str:
    base = engine.image(reference)
    if base is None:
        raise EnvironmentFault(f"the base image {reference} has vanished")
    return recipe.tag(base["Id"])


def _at_hand(engine: Engine, base: str) -> str | None:
    """Reference of the base if the engine holds it."""
    wanted = {"auto": (PUBLIC_BASE, LOCAL_BASE), "local": (LOCAL_BASE,)}.get(base, (base,))
    return next((reference for reference in wanted if engine.image(reference) is not None), None)


def _base(engine: Engine, base: str, say: Say) -> str:
    found = _at_hand(engine, base)
    if found is not None:
        return found
    if base == "local":
        return _make_local_base(say)
    if base != "auto":
        say(f"pulling {base}")
        engine.pull(base)
        return base
    say(f"pulling {PUBLIC_BASE}")
    with contextlib.suppress(EnvironmentFault):
        engine.pull(PUBLIC_BASE)
        return PUBLIC_BASE
    say(f"{PUBLIC_BASE} cannot be pulled: making a base of Debian's packages instead")
    return _make_local_base(say)


def _make_local_base(say: Say) -> str:
    command = [sys.executable, str(ROOT / "scripts" / "make_base_image.py"), "--tag", LOCAL_BASE]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as running:
        for line in running.stdout or ():
            say(line.rstrip())
        fault = running.stderr.read().strip() if running.stderr else ""
    if running.returncode:
        raise EnvironmentFault(f"no base image: {fault}", hint="or name a base that is here: --base REFERENCE")
    return LOCAL_BASE


@contextlib.contextmanager
def _one_at_a_time(say: Say) -> Iterator[None]:
    """Two sweeps that start together build once."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "image.lock")
    try:
        lock.acquire(timeout=0.1)
    except Timeout:
        say("waiting for another process that prepares the image")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build(engine: Engine, recipe: Recipe, base: str, tag: str, say: Say) -> None:
    start = time.monotonic()
    try:
        target = Target.of(engine.output(base, ["python3", "-c", PROBE]))
    except (ValueError, EnvironmentFault) as error:
        raise EnvironmentFault(f"{base} cannot be the base: {error}", hint=f"for instance {PUBLIC_BASE}") from error
    say(f"building {tag} on {base}: downloading packages")
    wheels = download_wheels(recipe.lock, recipe.dependencies, target)
    if next(wheels.locked.glob("nvidia*"), None) is not None:
        say("pip's index offers PyTorch for CUDA: the image will be large; its CPU index makes a small one")
    with tempfile.TemporaryFile(dir=cache_folder()) as context:
        _pack(recipe, wheels, context)
        _follow(engine.build(context, tag, {"BASE": base}), say)
    say(f"built {tag} in {time.monotonic() - start:.0f} s")


def _pack(recipe: Recipe, wheels: Wheels, context: IO[bytes]) -> None:
    """The build context as a tar archive. Owner, mode and time are fixed: the builder's cache goes by them."""

    def normal(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        entry.mode = 0o755 if entry.isdir() else 0o644
        return entry

    with tarfile.open(fileobj=context, mode="w") as archive:
        for file in recipe.files():
            archive.add(file, arcname=file.name, filter=normal)
        archive.add(wheels.locked, arcname="wheels/locked", filter=normal)
        archive.add(wheels.extra, arcname="wheels/extra", filter=normal)
    context.seek(0)


def _follow(lines: Iterator[str], say: Say) -> None:
    """One short line for each step; of a step that fails also the end of its output."""
    output: list[str] = []
    try:
        for line in lines:
            if step := re.match(r"Step (\d+/\d+) : (.*)", line):
                say(f"  {step[1]} {step[2][:90]}")
                output.clear()
            else:
                output.append(line)
    except EnvironmentFault as error:
        raise EnvironmentFault("\n".join([*output[-20:], str(error)])) from error
