"""Search spaces from files: YAML, or a Python module that defines one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from harness.core.domains import choice, domain_from_spec
from harness.core.space import Space
from harness.errors import UsageError
from harness.manifest.yaml import parse_mapping

SECONDS = 60.0
MARK = "\x00space:"


def space_text(config_space: str) -> str:
    """The space of "FILE.yaml", "FILE.py" or "FILE.py:NAME" as one line of JSON. UsageError says what is wrong."""
    path = Path(space_file(config_space))
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise UsageError(f"config_space = {path}: cannot read it: {error.strerror}") from None
    return _space_text(config_space, stamp)


def space_file(config_space: str) -> str:
    file, colon, name = config_space.rpartition(":")
    return file if colon and file.endswith(".py") and name.isidentifier() else config_space


@cache
def _space_text(config_space: str, stamp: int) -> str:
    path = Path(space_file(config_space))
    if path.suffix == ".py":
        space = _checked(path, _run_python(path, config_space[len(str(path)) + 1 :]), {})
    else:
        space = _checked(path, *_read_yaml(path))
    return json.dumps(space.spec())


def _read_yaml(path: Path) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"config_space = {path}: cannot read it: {reason}") from None
    entries, lines = parse_mapping(text, str(path))
    inner = entries.get("hyperparameters")
    # The description of a table has the space as one of its fields.
    return (inner, {}) if isinstance(inner, dict) and "type" not in inner else (entries, lines)


def _run_python(path: Path, name: str) -> Mapping[str, Any]:
    """The module runs in a process of its own: what it imports, prints and breaks stays there."""
    command = [sys.executable, "-m", "benchmarks.script.read_space", str(path), name]
    root = str(Path(__file__).resolve().parents[2])
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL, cwd=root
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"config_space = {path}: no answer within {SECONDS:.0f} s") from None
    _, found, text = done.stdout.rpartition(MARK)
    if done.returncode or not found:
        last = (done.stderr.strip().splitlines() or ["it ended early"])[-1]
        raise UsageError(f"config_space = {path}: {last}")
    entries: Mapping[str, Any] = json.loads(text)
    return entries


def _checked(path: Path, entries: Mapping[str, Any], lines: Mapping[str, int]) -> Space:
    """A mapping with `type` is a domain, a list a choice, anything else a constant."""
    found: dict[str, Any] = {}
    problems = []
    for name, entry in entries.items():
        place = f"{path}:{lines[name]}" if name in lines else str(path)
        try:
            if isinstance(entry, dict):
                found[name] = domain_from_spec(entry)
            else:
                found[name] = choice(entry) if isinstance(entry, list) else entry
            if entry is None:
                raise ValueError("has no value")
        except (ValueError, TypeError) as error:
            problems.append(f"{place}: {name}: {error}")
    if not problems and not Space(found).hyperparameters:
        problems.append(
            f"{path}: nothing to search: expected 'name: {{type: loguniform, lower: 1e-4, upper: 1}}' lines"
        )
    if problems:
        raise UsageError(problems)
    return Space(found)
