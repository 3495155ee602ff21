"""Size and time of the last build, so that the next one can say what has grown."""

from __future__ import annotations

import json
from pathlib import Path

from harness.jobdir import write_json
from harness.runtime.wheels import cache_folder

# Less than this is noise: of time, other work on the machine; of size, nothing one would look into.
LARGER, SLOWER = 1.05, 1.5


def _file() -> Path:
    return cache_folder() / "builds.json"


def _last() -> dict[str, dict[str, float]]:
    try:
        found: dict[str, dict[str, float]] = json.loads(_file().read_text())
        return found
    except (OSError, ValueError):
        return {}


def compared(base: str, size: int, seconds: float) -> str:
    """What to say of a build that is larger or slower than the last one on this base; empty where it is not."""
    last = _last().get(base)
    if last is None:
        return ""
    grown = [
        f"{last['size'] / 1e6:.0f} MB" if size > LARGER * last["size"] else "",
        f"{last['seconds']:.0f} s" if seconds > SLOWER * last["seconds"] else "",
    ]
    told = " in ".join(filter(None, grown))
    return f" (the last one: {told})" if told else ""


def remember(base: str, size: int, seconds: float) -> None:
    write_json(_file(), {**_last(), base: {"size": size, "seconds": seconds}})
