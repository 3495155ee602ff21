"""Grid search: the product of a few values of each hyper-parameter."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Literal

from harness.core.domains import Domain, Float, Integer, Value, values_of
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.space import Config
from harness.options import Options, arg

_ROUNDS = 6


class GridOptions(Options):
    searcher_grid_points: int = arg(
        5,
        "values of each numeric hyper-parameter, ends included; choices and finite ranges take all of theirs",
        ge=1,
        le=100_000,
    )
    searcher_grid_order: Literal["shuffled", "lexicographic"] = arg(
        "shuffled",
        "shuffled: an order of its own for every seed; lexicographic: ascending, the last hyper-parameter fastest",
    )


class GridSearcher:
    """Trial n takes configuration n of the grid, in the order of `searcher_grid_order`; None after the last one.

    Points that are given come first, and are left out of the grid.

    Numeric values are evenly spaced from the lower to the upper bound, on the log axis of logarithmic domains.
    """

    def __init__(self, context: Context, options: GridOptions) -> None:
        domains = context.problem.space.hyperparameters
        self._values = {name: grid_of(domain, options.searcher_grid_points) for name, domain in domains.items()}
        self._size = math.prod(map(len, self._values.values()))
        self._space = context.problem.space
        self._points = context.points or ()
        self._taken = {self._space.key(point) for point in self._points}
        # Of the grid's first `_looked` configurations, the numbers of those that are no given points.
        self._left: list[int] = []
        self._looked = 0
        self._key = f"grid {context.seed}" if options.searcher_grid_order == "shuffled" else None

    def suggest(self, history: HistoryView, *, trial_id: int, resource: int | None) -> Config | None:
        if trial_id < len(self._points):
            return self._points[trial_id]
        wanted = trial_id - len(self._points)
        while len(self._left) <= wanted and self._looked < self._size:
            if self._space.key(self._config(self._looked)) not in self._taken:
                self._left.append(self._looked)
            self._looked += 1
        return self._config(self._left[wanted]) if wanted < len(self._left) else None

    def _config(self, index: int) -> Config:
        rest = index if self._key is None else shuffled(index, self._size, self._key)
        config: Config = {}
        for name, values in reversed(self._values.items()):
            rest, position = divmod(rest, len(values))
            config[name] = values[position]
        return {name: config[name] for name in self._values}


def grid_of(domain: Domain, points: int) -> Sequence[Value]:
    """Ascending distinct values: all of a finite domain, but of a range at most `points`."""
    ranged = isinstance(domain, (Float, Integer))
    if not ranged or (domain.size is not None and domain.size <= points):
        return values_of(domain)
    if points == 1:
        return [domain.midpoint()]
    return list(dict.fromkeys(domain.decode(index / (points - 1)) for index in range(points)))


def shuffled(index: int, size: int, key: str) -> int:
    """Image of `index` under a permutation of range(size) that depends on the key; nothing of that size is stored.

    A Feistel network over the next power of four, walked until it comes back into the range (J. Black, P. Rogaway:
    Ciphers with arbitrary finite domains, 2002).
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    while True:
        left, right = index >> half, index & mask
        for turn in range(_ROUNDS):
            digest = hashlib.blake2b(f"{key} {turn} {right}".encode(), digest_size=16).digest()
            left, right = right, left ^ (int.from_bytes(digest) & mask)
        index = left << half | right
        if index < size:
            return index
