"""Raw settings: what somebody wrote, before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """Attributes:
    values: setting -> scalar, or list for a sweep, in the order written.
    origins: setting -> where it was written, for messages and provenance ("command line", "FILE:LINE").
    source: what the whole came from, for messages.
    sections: name ("methods", "benchmarks") -> its entries, each a set of settings; entries of one section are
        alternatives, sections multiply.
    exclude: experiments that have all settings of one of these are left out.
    """

    values: Values
    origins: Mapping[str, str] = field(default_factory=dict)
    source: str = "command line"
    sections: Mapping[str, Sequence[Values]] = field(default_factory=dict)
    exclude: Sequence[Values] = ()

    def place(self, name: str) -> str:
        """ "FILE:LINE: " of a setting, or nothing where it was not written down."""
        origin = self.origins.get(name, "")
        return f"{origin}: " if ":" in origin else ""

    def over(self, below: Raw) -> Raw:
        """These settings with those of `below` where these say nothing; first come the ones of `below`."""
        return replace(below, values={**below.values, **self.values}, origins={**below.origins, **self.origins})
