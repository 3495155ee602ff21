"""Kinds of values that commands take on their command lines."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from harness.dispatch.disk import parse_size

DAY_SECONDS = 86400


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return int(text)


def size(text: str) -> int:
    """Bytes of a size such as 20g."""
    try:
        return parse_size(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a size such as 500m or 20g, got {text}") from None


def seconds(least: float) -> Callable[[str], float]:
    """Takes seconds from `least` to a day."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= DAY_SECONDS:
            raise argparse.ArgumentTypeError(f"must be between {least:g} and {DAY_SECONDS} seconds, got {text}")
        return value

    return read


def nonempty(text: str) -> str:
    """Of an experiment, sweep, file or folder. An empty one would be taken for the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def nonempty_path(text: str) -> Path:
    return Path(nonempty(text))
