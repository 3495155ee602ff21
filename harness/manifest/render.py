"""Jinja: a manifest is a template over the variables of its own `vars:` block, overridden by those of the caller.

Templates are sandboxed and strict: an undefined variable is an error with file and line.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.errors import UsageError
from harness.manifest.yaml import parse_mapping, parse_scalar

MAX_CHARACTERS = 20_000_000

# The block is cut out by its indentation, since the file as a whole is no YAML before it is rendered.
_VARS_BLOCK = re.compile(r"^vars:[^\n]*(?:\n|\Z)(?:(?:[ \t]+[^\n]*|[ \t]*#[^\n]*|[ \t]*)\n)*", re.MULTILINE)


def parse_variables(pairs: str) -> dict[str, Any]:
    """Variables from "k=v k2='a b'"; values are read as YAML scalars. UsageError for a word without "="."""
    import shlex

    try:
        words = shlex.split(pairs)
    except ValueError as error:
        raise UsageError(f"VARS: {error} in {pairs!r}") from None
    variables = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"VARS: expected name=value, got '{word}'")
        variables[name] = parse_scalar(text)
    return variables


def own_variables(text: str, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The `vars:` block of a manifest, itself rendered over the `given` variables."""
    match = _VARS_BLOCK.search(text)
    if match is None:
        return {}
    # Empty lines before the block keep the line numbers of messages right.
    lines_before = text.count("\n", 0, match.start())
    block = "\n" * lines_before + _render(match.group(0), path, given, line_offset=lines_before)
    values, _ = parse_mapping(block, path)
    own = values.get("vars")
    if own is None:
        return {}
    if not isinstance(own, dict):
        raise UsageError(f"{path}: vars: expected a mapping of names to values")
    return own


def render(text: str, path: str, given: Mapping[str, Any]) -> str:
    """The manifest with its variables filled in. UsageError names file and line of what is undefined or wrong."""
    own = own_variables(text, path, given)
    unknown = sorted(set(given) - set(own)) if own else []
    unused = [name for name in unknown if not re.search(rf"\b{re.escape(name)}\b", text)]
    if unused:
        raise UsageError(
            f"{path}: VARS sets {', '.join(unused)}, which the manifest does not use; it has: {', '.join(own)}"
        )
    return _render(text, path, {**own, **given})


def _render(text: str, path: str, variables: Mapping[str, Any], line_offset: int = 0) -> str:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    try:
        return _bounded(environment.from_string(text).generate(variables))
    except TemplateSyntaxError as error:
        raise UsageError(f"{path}:{error.lineno + line_offset}: template: {error.message}") from None
    except SecurityError as error:
        raise UsageError(f"{path}:{_line(error) + line_offset}: template: not allowed: {error}") from None
    except TemplateError as error:
        known = ", ".join(variables) or "none"
        line = _line(error) + line_offset
        raise UsageError(f"{path}:{line}: template: {error} (known variables: {known})") from None
    except Exception as error:  # an expression of the template failed, e.g. 1 / 0
        raise UsageError(f"{path}:{_line(error) + line_offset}: template: {error}") from None


def _bounded(parts: Iterable[str]) -> str:
    """The rendered text; ValueError where a loop that runs away makes more of it than any manifest needs."""
    text: list[str] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > MAX_CHARACTERS:
            raise ValueError(f"it makes more than {MAX_CHARACTERS:,} characters")
        text.append(part)
    return "".join(text)


def _line(error: BaseException) -> int:
    """Line of the template that raised: jinja gives its compiled code the file name '<template>'."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return (frames[-1].lineno or 1) if frames else 1
