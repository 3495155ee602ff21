"""`python -m benchmarks.script.read_space FILE.py [NAME]`: print the space that a module defines, as JSON.

NAME is a mapping or a function that returns one; without it `config_space`, `space` or `search_space`. Its values are
domains (`from harness import loguniform, ...`), the same as plain data (`{"type": "uniform", ...}`), or constants.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.script.space import MARK

NAMES = ("config_space", "space", "search_space")


def main(file: str, name: str) -> str:
    """JSON text of the space. SystemExit with a line that says what the module lacks, or where it fails."""
    sys.path.insert(0, str(Path(file).parent))
    try:
        return _space(runpy.run_path(file), (name,) if name else NAMES)
    except Exception as error:
        sys.exit(f"{_line_in(file, error)}{type(error).__name__}: {' '.join(str(error).split())}")


def _space(module: Mapping[str, Any], names: Sequence[str]) -> str:
    found = next((module[each] for each in names if each in module), None)
    if found is None:
        sys.exit(f"it defines no {' or '.join(names)}")
    entries = found() if callable(found) else found
    if not isinstance(entries, Mapping):
        sys.exit(f"expected a mapping of names to domains, got {type(entries).__name__}")
    unnamed = [key for key in entries if not isinstance(key, str)]
    if unnamed:
        sys.exit(f"names must be strings, got {', '.join(map(repr, unnamed))}")
    return json.dumps({key: _plain(key, entry) for key, entry in entries.items()})


def _line_in(file: str, error: Exception) -> str:
    """Where in the file it went wrong, as far as that is known."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"line {error.lineno}: "
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    return f"line {lines[-1]}: " if lines else ""


def _plain(name: str, entry: Any) -> Any:
    if hasattr(entry, "spec"):
        return entry.spec()
    if isinstance(entry, (str, int, float, bool, list, tuple, dict)):
        return entry
    sys.exit(f"{name}: expected a domain of `harness`, plain data or a constant, got {type(entry).__name__}")


if __name__ == "__main__":
    print(f"{MARK}{main(sys.argv[1], sys.argv[2])}")
