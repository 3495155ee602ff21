"""What numpy's SeedSequence gives to many neighbouring spawn keys at once, at a tenth of the cost of one by one.

The algorithm is that of numpy.random.SeedSequence (M. O'Neill's seed_seq_fe), which numpy promises to keep. Words are
of 32 bits; the functions take Python integers as well as uint64 arrays of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISpawnableSeedSequence

BLOCK = 128
_MASK = 2**32 - 1


class KeyedSequence(ISpawnableSeedSequence):
    """As `SeedSequence(root, spawn_key=(key, index))`. Root, key and index are below 2**32."""

    def __init__(self, root: int, key: int, index: int) -> None:
        self._name = root, key, index

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        if n_words == 4 and dtype is np.uint64:  # what PCG64 asks for
            root, key, index = self._name
            return _states(root, key, index // BLOCK)[index % BLOCK]
        return self._sequence.generate_state(n_words, dtype)

    def spawn(self, n_children: int) -> Any:
        return self._sequence.spawn(n_children)

    @cached_property
    def _sequence(self) -> np.random.SeedSequence:
        root, *key = self._name
        return np.random.SeedSequence(root, spawn_key=tuple(key))


@lru_cache(maxsize=64)
def _states(root: int, key: int, block: int) -> np.ndarray[Any, Any]:
    """Shape (BLOCK, 4), uint64: row i is that of index BLOCK * block + i."""
    constants = _constants(0x43B0D7E5, 0x931E8875)
    pool: list[Any] = [_hashed(word, constants) for word in (int(root), 0, 0, 0)]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = _mixed(pool[target], _hashed(pool[source], constants))
    for word in (key, np.arange(BLOCK * block, BLOCK * (block + 1), dtype=np.uint64)):
        pool = [_mixed(old, _hashed(word, constants)) for old in pool]
    constants = _constants(0x8B51F9DD, 0x58F38DED)
    low_high = np.stack([_hashed(word, constants) for word in (*pool, *pool)], axis=1)
    return np.ascontiguousarray(low_high[:, ::2] | low_high[:, 1::2] << 32)


def _constants(start: int, factor: int) -> Iterator[tuple[int, int]]:
    while True:
        following = start * factor & _MASK
        yield start, following
        start = following


def _hashed(word: Any, constants: Iterator[tuple[int, int]]) -> Any:
    constant, following = next(constants)
    word = (word ^ constant) * following & _MASK
    return word ^ word >> 16


def _mixed(one: Any, other: Any) -> Any:
    word = one * 0xCA01F9DD - other * 0x4973F715 & _MASK
    return word ^ word >> 16
