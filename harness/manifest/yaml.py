"""YAML 1.2 with line numbers: `1e-3` is a number, `on` is text, a key given twice is an error."""

from __future__ import annotations

from typing import Any

from harness.errors import UsageError


def parse_scalar(text: str) -> Any:
    """A command line's word as YAML reads it: 3 -> int, 1e-3 -> float, true -> bool, else text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        return text
    return value if isinstance(value, (int, float, bool)) else text


def parse_mapping(text: str, path: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Top level of a YAML file as plain data, and the line (from 1) of each key.

    UsageError for a syntax error (file, line, column), a key given twice, or a top level that is no mapping.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        tree = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise UsageError(f"{_place(path, error)}: {str(error.problem).splitlines()[0]}") from None
    except MarkedYAMLError as error:
        context = f" ({error.context})" if error.context else ""
        raise UsageError(f"{_place(path, error)}: not valid YAML: {error.problem}{context}") from None
    except (YAMLError, ValueError) as error:
        raise UsageError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if tree is None:
        raise UsageError(f"{path}: the file is empty")
    if not hasattr(tree, "lc") or not hasattr(tree, "items"):
        raise UsageError(f"{path}: expected 'name: value' lines at the top level")
    # A key that a YAML merge (`<<:`) brought has no line of its own.
    known = tree.lc.data or {}
    lines = {str(key): known[key][0] + 1 if key in known else 1 for key in tree}
    return {str(key): plain(value) for key, value in tree.items()}, lines


def _place(path: str, error: Any) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path


def plain(value: Any) -> Any:
    """The loader's annotated numbers, texts and containers as Python's own."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    # ruamel has an integer-like boolean of its own and dates; dates are never a setting.
    return None if value is None else str(value)
