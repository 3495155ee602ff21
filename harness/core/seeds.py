"""Keyed random numbers: every draw has a name, so no generator state needs to be saved or passed around."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator

import numpy as np

from harness.core.seed_blocks import KeyedSequence

SEED_LIMIT = 2**32


def rng(root: int, role: str, index: int = 0) -> np.random.Generator:
    """Generator for draw number `index` of `role` under the root seed.

    Equal arguments give equal streams on any machine; streams of different roles or indices are independent
    (numpy's SeedSequence spawn keys).
    """
    key = zlib.crc32(role.encode())
    if 0 <= root < SEED_LIMIT and 0 <= index < SEED_LIMIT:
        return np.random.Generator(np.random.PCG64(KeyedSequence(root, key, index)))  # type: ignore[arg-type]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy=root, spawn_key=(key, index))))


def experiment_seed(offset: int, run_id: int) -> int:
    """Seed of an experiment: (offset + run id) modulo 2**32, whatever the scheduler or searcher."""
    return (offset + run_id) % SEED_LIMIT


@contextlib.contextmanager
def numpy_seeded(seed: int) -> Iterator[None]:
    """For libraries that draw from numpy's global generator: this seed within, its old state afterwards."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
