"""The made-up table of the part "simulator": 1000 configurations, 27 epochs."""

from __future__ import annotations

from typing import Any

import numpy as np

EPOCHS = 27


def table() -> tuple[Any, Any, Any]:
    """Configurations (1000, 3) of integers 0 to 9, errors (1000, 27), seconds since the start (1000, 27)."""
    grid = np.array(np.meshgrid(*[range(10)] * 3, indexing="ij")).reshape(3, -1).T
    generator = np.random.default_rng(0)
    level = np.arange(1, EPOCHS + 1)
    base = ((grid / 9 - 0.4) ** 2).sum(1)
    errors = base[:, None] + 0.7 * level[None] ** -0.6 + 0.01 * generator.standard_normal((len(grid), EPOCHS))
    seconds = generator.uniform(5, 20, len(grid))[:, None] * level[None]
    return grid, errors, seconds
