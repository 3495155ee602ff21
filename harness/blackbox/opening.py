"""From a benchmark's reference to a table to what trials are played back from."""

from __future__ import annotations

from functools import lru_cache

from harness.benchmark import TableRef
from harness.blackbox.description import read_description
from harness.blackbox.files import digest
from harness.blackbox.surrogates import Surrogate
from harness.blackbox.tables import Blackbox, load_table


def open_blackbox(ref: TableRef) -> Blackbox:
    """The table, or its surrogate. UsageError where the files do not hold what they should.

    Several experiments of one process share it, and so the fit of a surrogate, while the file stays the same.
    """
    return _opened(ref, digest(ref.path))


@lru_cache(maxsize=4)
def _opened(ref: TableRef, content: str) -> Blackbox:
    description = read_description(ref.path)
    table = load_table(ref.path, description, ref.seed, so_far=ref.so_far)
    return table if ref.surrogate == "none" else Surrogate(table, ref.surrogate, description.metrics)
