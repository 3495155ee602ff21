"""Configurations as points of the unit cube, and back.

A numeric or ordinal hyper-parameter takes one column, a choice of n values takes n columns (one-hot), a domain
with a single value takes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.core.domains import Categorical, Domain
from harness.core.space import Config, Space


@dataclass(frozen=True)
class Block:
    """The columns `start:stop` of one hyper-parameter."""

    name: str
    domain: Domain
    start: int
    stop: int

    @property
    def one_hot(self) -> bool:
        return isinstance(self.domain, Categorical) and not self.domain.ordered


class Encoder:
    """Maps configurations of a space to rows in [0, 1]^d and back.

    Attributes:
        blocks: one for each hyper-parameter that has more than one value, in the order of the space.
        dim: d, the number of columns.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.blocks: list[Block] = []
        start = 0
        for name, domain in space.hyperparameters.items():
            if domain.size == 1:
                continue
            one_hot = isinstance(domain, Categorical) and not domain.ordered
            width = len(domain.values) if one_hot and isinstance(domain, Categorical) else 1
            self.blocks.append(Block(name, domain, start, start + width))
            start += width
        self.dim = start

    def encode(self, config: Mapping[str, Any]) -> np.ndarray:
        """Row of shape (d,)."""
        row = np.zeros(self.dim)
        for block in self.blocks:
            value = config[block.name]
            if block.one_hot and isinstance(block.domain, Categorical):
                row[block.start + block.domain.index(value)] = 1.0
            else:
                row[block.start] = block.domain.encode(value)
        return row

    def encode_many(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Matrix of shape (n, d)."""
        rows = np.empty((len(configs), self.dim))
        for position, config in enumerate(configs):
            rows[position] = self.encode(config)
        return rows

    def decode(self, row: np.ndarray) -> Config:
        """Nearest configuration to a row of shape (d,); of one-hot columns the largest wins."""
        config: Config = {}
        positions = {block.name: block for block in self.blocks}
        for name, domain in self.space.hyperparameters.items():
            block = positions.get(name)
            if block is None:
                config[name] = domain.midpoint()
            elif block.one_hot and isinstance(domain, Categorical):
                config[name] = domain.values[int(np.argmax(row[block.start : block.stop]))]
            else:
                config[name] = domain.decode(row[block.start])
        return config
