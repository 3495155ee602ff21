"""A manifest file as raw settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.manifest.raw import Raw
from harness.manifest.render import render
from harness.manifest.yaml import parse_mapping


def load_manifest(path: Path, variables: Mapping[str, Any]) -> Raw:
    """Read, render and parse. `experiment_name` defaults to the file's stem. UsageError with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"{path}: cannot read the manifest: {reason}") from None
    values, lines = parse_mapping(render(text, str(path), variables), str(path))
    values.pop("vars", None)
    origins = {name: f"{path}:{lines[name]}" for name in values}
    raw = Raw(values, origins, source=str(path))
    problems = [f"{raw.place(name)}{name} has no value" for name, value in values.items() if value is None]
    problems += [
        f"{raw.place(name)}{name}: expected a value or a list of values, got a mapping"
        for name, value in values.items()
        if isinstance(value, dict)
    ]
    if problems:
        raise UsageError(problems)
    return raw if "experiment_name" in values else _named(raw, path)


def _named(raw: Raw, path: Path) -> Raw:
    name = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in path.stem).strip("-")
    return Raw(
        {"experiment_name": name or "stune", **raw.values}, {"experiment_name": str(path), **raw.origins}, raw.source
    )
