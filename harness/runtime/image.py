"""The locked image that jobs run in: named by what it is made of, so that an unchanged one is never built again."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.errors import EnvironmentFault
from harness.runtime.bases import ROOT, Base, Say, at_hand, choices, content_id, ensure_base
from harness.runtime.builds import compared, remember
from harness.runtime.context import follow, pack
from harness.runtime.engine import Engine
from harness.runtime.normalise import normalise
from harness.runtime.wheels import PROBE, Target, cache_folder, download_wheels

REPOSITORY = "hpo-harness"
STAGE_LABEL = "hpo-harness.stage"


@dataclass(frozen=True)
class Recipe:
    """The files that an image is made of.

    Attributes:
        lock: exact versions and hashes of everything but PyTorch, which `torch` names: its builds (CPU, CUDA) differ.
        bases: table of what it may be built on; not part of the image.
    """

    dockerfile: Path
    entrypoint: Path
    lock: Path
    torch: Path
    dependencies: Path
    bases: Path

    @classmethod
    def of(cls, root: Path = ROOT) -> Recipe:
        """Of a checkout of the project; EnvironmentFault where it lacks one of the files."""
        folder = root / "docker"
        recipe = cls(
            folder / "Dockerfile",
            folder / "entrypoint.py",
            folder / "requirements.lock",
            folder / "torch.lock",
            root / "dependencies.txt",
            folder / "bases.toml",
        )
        missing = [str(file) for file in (*recipe.files(), recipe.bases) if not file.is_file()]
        if missing:
            raise EnvironmentFault(
                f"the image cannot be built without {', '.join(missing)}", hint="use a full checkout"
            )
        return recipe

    def files(self) -> tuple[Path, ...]:
        return self.dockerfile, self.entrypoint, self.lock, self.torch, self.dependencies

    def tag(self, base_content: str) -> str:
        """`hpo-harness:c-` and 16 hexadecimal digits of a hash over the files' bytes and the base's content."""
        return f"{REPOSITORY}:c-{_hash(base_content.encode(), *(file.read_bytes() for file in self.files()))}"

    def lock_hash(self) -> str:
        return _hash(self.lock.read_bytes(), self.torch.read_bytes())


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def ensure_image(base: str = "auto", say: Say = print, root: Path = ROOT) -> str:
    """Tag of the image, built where the engine lacks it.

    `base`: a reference, a name of docker/bases.toml or "auto". EnvironmentFault where there is no engine or a step
    fails.
    """
    recipe = Recipe.of(root)
    with contextlib.closing(Engine.connect()) as engine, _one_at_a_time(say):
        found = ensure_base(engine, base, say, recipe.bases)
        tag = recipe.tag(content_id(_present(engine, found)))
        if engine.image(tag) is None:
            _build(engine, recipe, found, tag, say, cache=True)
    return tag


def check_image(base: str = "auto", say: Say = print, root: Path = ROOT) -> tuple[str, str]:
    """Ids of two clean builds of the image, each from its first step on; the image stays under its tag."""
    recipe = Recipe.of(root)
    with contextlib.closing(Engine.connect()) as engine, _one_at_a_time(say):
        found = ensure_base(engine, base, say, recipe.bases)
        tag = recipe.tag(content_id(_present(engine, found)))
        return (
            _build(engine, recipe, found, tag, say, cache=False),
            _build(engine, recipe, found, tag, say, cache=False),
        )


def prune_images(base: str = "auto", root: Path = ROOT) -> list[str]:
    """Remove images of other recipes, those that a container uses excepted; returns their tags."""
    present = image_info(base, root).tag
    with contextlib.closing(Engine.connect()) as engine:
        before = engine.tags(REPOSITORY)
        for tag in before:
            if tag != present:
                engine.remove_image(tag, parents=True)
        return sorted(set(before) - set(engine.tags(REPOSITORY)))


@dataclass(frozen=True)
class ImageInfo:
    """State of the image, without building anything. Fields that depend on a base that is not here are None.

    Attributes:
        image_id: digest of its configuration, and so of its content; equal for every build of one recipe.
        size: bytes, layers of the base included.
        engine: its version.
    """

    base: str
    base_content: str | None
    tag: str | None
    image_id: str | None
    size: int | None
    lock_hash: str
    engine: str

    @property
    def built(self) -> bool:
        return self.image_id is not None


def image_info(base: str = "auto", root: Path = ROOT) -> ImageInfo:
    recipe = Recipe.of(root)
    with contextlib.closing(Engine.connect()) as engine:
        found = at_hand(engine, choices(base, recipe.bases))
        if found is None:
            return ImageInfo(base, None, None, None, None, recipe.lock_hash(), engine.version())
        content = content_id(_present(engine, found))
        tag = recipe.tag(content)
        image = engine.image(tag) or {}
        size = image.get("Size")
        return ImageInfo(found.pinned, content, tag, image.get("Id"), size, recipe.lock_hash(), engine.version())


def _present(engine: Engine, base: Base) -> dict[str, Any]:
    image = engine.image(base.pinned)
    if image is None:
        raise EnvironmentFault(f"the base image {base.pinned} has vanished")
    return image


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


def _build(engine: Engine, recipe: Recipe, base: Base, tag: str, say: Say, *, cache: bool) -> str:
    """Build, normalise, tag; returns the image's id."""
    start = time.monotonic()
    kept = len(_present(engine, base)["RootFS"]["Layers"])
    target = _target(engine, base)
    say(f"building {tag} on {base.pinned}: downloading packages")
    wheels = download_wheels(recipe.lock, recipe.torch, recipe.dependencies, target)
    if next(wheels.locked.glob("nvidia*"), None) is not None:
        say("pip's index offers PyTorch for CUDA: the image will be large; its CPU index makes a small one")
    with tempfile.TemporaryFile(dir=cache_folder()) as context:
        pack((recipe.entrypoint, recipe.dependencies), recipe.dockerfile, wheels, context)
        arguments = {"BASE": base.pinned, "LOCK": recipe.lock_hash()}
        raw = follow(engine.build(context, arguments, cache=cache), say)
    say("  normalising times")
    image_id = _normalised(engine, raw, kept, tag)
    _forget(engine, raw, recipe.lock_hash(), cache)
    size = (engine.image(tag) or {}).get("Size", 0)
    seconds = time.monotonic() - start
    say(f"built {tag}: {size / 1e6:.0f} MB in {seconds:.0f} s{compared(base.name, size, seconds)}")
    remember(base.name, size, seconds)
    return image_id


def _target(engine: Engine, base: Base) -> Target:
    try:
        return Target.of(engine.output(base.pinned, ["python3", "-c", PROBE]))
    except (ValueError, EnvironmentFault) as error:
        raise EnvironmentFault(
            f"{base.pinned} cannot be the base: {error}", hint="for instance --base python"
        ) from error


def _normalised(engine: Engine, image: str, kept_layers: int, tag: str) -> str:
    with (
        tempfile.NamedTemporaryFile(dir=cache_folder(), prefix=".image-") as saved,
        tempfile.NamedTemporaryFile(dir=cache_folder(), prefix=".image-") as result,
    ):
        engine.save(image, saved)
        saved.seek(0)
        image_id = normalise(saved, kept_layers, tag, result)
        engine.load(result)
    return image_id


def _forget(engine: Engine, raw: str, lock_hash: str, cache: bool) -> None:
    """Remove what the builder leaves: the image with times, and stages that no later build can use."""
    engine.remove_image(raw, parents=True)
    for image in engine.untagged(STAGE_LABEL):
        if not cache or image["Labels"].get(STAGE_LABEL) != lock_hash:
            engine.remove_image(image["Id"], parents=True)
