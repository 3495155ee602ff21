"""A manifest file as raw settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.manifest.raw import Raw
from harness.manifest.render import render
from harness.manifest.yaml import parse_mapping
from harness.plugins import METHODS
from harness.registry import did_you_mean

SECTIONS = ("methods", "benchmarks")


def load_manifest(path: Path, variables: Mapping[str, Any]) -> Raw:
    """Read, render and parse. `experiment_name` defaults to the file's stem. UsageError with file and line."""
    raw = _load(path, variables, including=())
    return raw if "experiment_name" in raw.values else _named(raw, path)


def _load(path: Path, variables: Mapping[str, Any], including: tuple[Path, ...]) -> Raw:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"{path}: cannot read the manifest: {reason}") from None
    values, lines = parse_mapping(render(text, str(path), variables), str(path))
    values.pop("vars", None)
    place = {name: f"{path}:{lines[name]}" for name in values}
    shared = values.pop("include", None)
    if isinstance(values.get("tags"), list):
        values["tags"] = " ".join(map(str, values["tags"]))
    if isinstance(values.get("points_to_evaluate"), list):
        values["points_to_evaluate"] = json.dumps(values["points_to_evaluate"], default=str)
    sections = {name: _entries(values.pop(name), place[name], name) for name in SECTIONS if name in values}
    exclude = _entries(values.pop("exclude"), place["exclude"], "exclude") if "exclude" in values else []
    _check_values(values, place)
    raw = Raw(values, place, source=str(path), sections=sections, exclude=exclude)
    if shared is None:
        return raw
    return _included(raw, path.parent / str(shared), variables, (*including, path.resolve()))


def _included(raw: Raw, shared: Path, variables: Mapping[str, Any], including: tuple[Path, ...]) -> Raw:
    """`raw` over the settings of the file that it includes; its sections replace those of the same name."""
    if shared.resolve() in including:
        raise UsageError(f"{raw.place('include')}include: {shared} includes itself")
    below = _load(shared, variables, including)
    return replace(
        raw.over(below),
        source=raw.source,
        sections={**below.sections, **raw.sections},
        exclude=[*below.exclude, *raw.exclude],
    )


def _check_values(values: Mapping[str, Any], place: Mapping[str, str]) -> None:
    problems = [f"{place[name]}: {name} has no value" for name, value in values.items() if value is None]
    problems += [
        f"{place[name]}: {name}: expected a value or a list of values, got a mapping"
        for name, value in values.items()
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))
    ]
    if problems:
        raise UsageError(problems)


def _entries(section: Any, place: str, name: str) -> list[dict[str, Any]]:
    """Entries of `methods`, `benchmarks` or `exclude`: a list of settings; of the first two, names will do."""
    entries = section if isinstance(section, list) else None
    if name == "methods" and entries is not None:
        entries = [_method(entry, place) if isinstance(entry, str) else entry for entry in entries]
    if name == "benchmarks" and entries is not None:
        entries = [{"benchmark_name": entry} if isinstance(entry, str) else entry for entry in entries]
    if not entries or not all(isinstance(entry, dict) and entry for entry in entries):
        raise UsageError(f"{place}: {name}: expected a list of entries, each with 'name: value' pairs")
    for entry in entries:
        wrong = [key for key, value in entry.items() if value is None or isinstance(value, (dict, list))]
        if wrong:
            raise UsageError(f"{place}: {name}: '{wrong[0]}' of an entry takes one value")
    return entries


def _method(name: str, place: str) -> dict[str, Any]:
    if name not in METHODS:
        raise UsageError(
            f"{place}: methods: unknown method '{name}'{did_you_mean(name, METHODS)}; choose from: {', '.join(METHODS)}"
        )
    scheduler, searcher = METHODS[name]
    return {"scheduler": scheduler, "searcher": searcher}


def _named(raw: Raw, path: Path) -> Raw:
    name = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in path.stem).strip("-")
    return replace(
        raw,
        values={"experiment_name": name or "stune", **raw.values},
        origins={**raw.origins, "experiment_name": "name of the file"},
    )
