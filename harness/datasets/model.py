"""What is known of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DebianPackage:
    """A package of Debian and Ubuntu, and the absolute folder that it puts the files in."""

    name: str
    folder: str


@dataclass(frozen=True)
class Dataset:
    """Attributes:
    name: also the name of its folder in the cache.
    files: file name -> SHA-256 of its contents. Of `*.gz` the unpacked contents count, because distributors
        pack them anew (a header with or without file name and time) without touching the data. Archives
        (`*.tar.gz`, `*.zip`) count as they are.
    url: folder on a web server that holds the files.
    debian: package that holds the files.
    samples: what a sample is called -> its `files`. A sample is accepted only in a folder that the user names.
    """

    name: str
    files: Mapping[str, str]
    url: str | None = None
    debian: DebianPackage | None = None
    samples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Unavailable(Exception):
    """A source cannot deliver; the text is the reason."""
