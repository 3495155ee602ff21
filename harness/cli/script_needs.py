"""What a training script says that it needs: `dependencies.txt` (else `requirements.txt`) beside it."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Collection
from pathlib import Path

FILES = ("dependencies.txt", "requirements.txt")
LOCKS = ("docker/requirements.lock", "docker/torch.lock", "dependencies.txt")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def package_names(text: str) -> list[str]:
    """Normalised names of a requirements file's lines; options and addresses count for nothing."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    found = (_NAME.match(line) for line in lines if line and "://" not in line)
    return [re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match]


def lacking(script: Path, held: Callable[[str], bool]) -> tuple[Path, list[str]] | None:
    """The file that names what `script` needs, and what of that is not `held`; None where nothing is missing."""
    for name in FILES:
        file = script.with_name(name)
        if file.is_file():
            missing = [package for package in package_names(file.read_text(encoding="utf-8")) if not held(package)]
            return (file, missing) if missing else None
    return None


def installed(package: str) -> bool:
    """Whether this environment holds a package."""
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def in_image(root: Path) -> Collection[str]:
    """Packages that the image of a checkout holds by name; what those need in turn is among the locked ones."""
    return {package for file in LOCKS for package in package_names((root / file).read_text(encoding="utf-8"))}
