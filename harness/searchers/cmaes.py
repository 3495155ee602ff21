"""CMA-ES (N. Hansen, arXiv:1604.00772), of the package `cmaes`."""

from __future__ import annotations

import numpy as np

from harness.registry import required
from harness.searchers.external_rows import Rows, RowSearcher

# Of the unit cube's side: the start covers all of it.
STEP = 0.3


class Cmaes(RowSearcher):
    """`cmaes.CMA` on the unit cube, from its middle. A generation is as many trials as the library would have in it, in
    the order of their start: the next one begins as soon as so many have results, whoever still runs.
    """

    def propose_row(self, rows: Rows, seed: int) -> np.ndarray:
        cma = required("cmaes", "cmaes")
        dim = rows.points.shape[1]
        optimizer = cma.CMA(mean=np.full(dim, 0.5), sigma=STEP, bounds=np.tile([0.0, 1.0], (dim, 1)), seed=seed)
        size = optimizer.population_size
        for start in range(0, len(rows.losses) - size + 1, size):
            if optimizer.should_stop():
                break
            told = slice(start, start + size)
            optimizer.tell(list(zip(rows.points[told], rows.losses[told].tolist(), strict=True)))
        row: np.ndarray = optimizer.ask()
        return row
