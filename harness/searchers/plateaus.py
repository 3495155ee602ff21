"""Whether configurations next to each other have exactly the same loss, as where a table's nearest row is played."""

from __future__ import annotations

import numpy as np

from harness.searchers.observations import Table

# One pair can be chance, where a metric counts few examples.
_PAIRS = 2
# Whoever plays rows shows it soon; and long histories stay affordable.
_LOOKED_AT = 1000


class Plateaus:
    """Looks for pairs (trial, its nearest neighbour among the earlier ones) of equal loss.

    Pairs in the worse half of the losses so far do not count: that many configurations fail in the same way is no sign
    of rows. Only a cache of what it has seen: a fresh instance finds the same.
    """

    def __init__(self) -> None:
        self._forget(None)

    def _forget(self, table: Table | None) -> None:
        self._table = table
        self._read = 1
        self._pairs = 0

    def found(self, table: Table) -> bool:
        """Whether there are such pairs among the rows of a table that grows."""
        if table is not self._table:
            self._forget(table)
        if self._pairs < _PAIRS and self._read < _LOOKED_AT:
            X, y, _, _ = table.columns()
            # Those of failures have their place behind all others, so that rows to come would move them.
            finite = np.flatnonzero(np.isfinite(y))[:_LOOKED_AT]
            X, y = X[finite], y[finite]
            for row in range(self._read, len(y)):
                nearest = np.square(X[:row] - X[row]).sum(axis=1).argmin()
                # The middle value instead of the median: the mean of two may overflow.
                if y[row] == y[nearest] and y[row] < np.sort(y[: row + 1])[(row + 1) // 2]:
                    self._pairs += 1
            self._read = max(self._read, len(y))
        return self._pairs >= _PAIRS
