"""Raw settings: what somebody wrote, before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """Attributes:
    values: setting -> scalar, or list for a sweep, in the order written.
    origins: setting -> where it was written, for messages and provenance ("command line", "FILE:LINE").
    source: what the whole came from, for messages.
    """

    values: Values
    origins: Mapping[str, str] = field(default_factory=dict)
    source: str = "command line"

    def place(self, name: str) -> str:
        """ "FILE:LINE: " of a setting, or nothing where it was not written down."""
        origin = self.origins.get(name, "")
        return f"{origin}: " if ":" in origin else ""

    def over(self, below: Raw) -> Raw:
        """These settings with those of `below` where these say nothing; first come the ones of `below`."""
        return Raw({**below.values, **self.values}, {**below.origins, **self.origins}, source=below.source)
