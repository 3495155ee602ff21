"""Densities over the encoded space as products of kernels, one for each hyper-parameter.

Notation: n data, of which row i has value v_i of a hyper-parameter; h is its bandwidth.

    numeric, ordinal   k(v, v_i) = phi((v - v_i) / h) / (h Z_i) on [0, 1], Z_i the normal mass inside
    choice of m        k(v, v_i) = 1 - h where v = v_i, h / (m - 1) elsewhere (J. Aitchison, C. Aitken, 1976)

Bandwidths follow the normal reference rule, 1.06 s n^(-1 / (4 + number of hyper-parameters)); the spread s of a choice
is that of its one-hot columns, sqrt(sum_c p_c (1 - p_c)), and h stays below (m - 1) / m, where nothing is left of the
data. The kernels of numeric parts are normalised on the interval, which those of BOHB are not: else configurations
near an end would look rare.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from harness.core.encode import Block, Encoder
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.space import Config
from harness.searchers.kde import KdeOptions
from harness.searchers.observations import Observations, Table, levels_of

Array = np.ndarray[Any, np.dtype[Any]]


class Density:
    """Kernel density estimate of rows X (n, d) of the encoded space."""

    def __init__(self, X: Array, blocks: list[Block], min_bandwidth: float) -> None:
        self._blocks = blocks
        self._values = np.column_stack([_values(X, block) for block in blocks])
        shrink = 1.06 * len(X) ** (-1.0 / (4 + len(blocks)))
        spreads = [_spread(X, block) for block in blocks]
        self._bandwidths = [max(min_bandwidth, shrink * spread) for spread in spreads]

    def log(self, X: Array) -> Array:
        """Log densities (m,) at rows X (m, d)."""
        total = np.zeros((len(X), len(self._values)))
        for column, (block, bandwidth) in enumerate(zip(self._blocks, self._bandwidths, strict=True)):
            total += _log_kernel(_values(X, block)[:, None], self._values[:, column], block, bandwidth)
        return np.asarray(logsumexp(total, axis=1) - np.log(len(self._values)))

    def sample(self, count: int, factor: float, generator: np.random.Generator) -> Array:
        """(count, d) draws from the estimate with bandwidths widened by `factor`."""
        rows = generator.integers(len(self._values), size=count)
        points = np.zeros((count, self._blocks[-1].stop))
        for column, (block, bandwidth) in enumerate(zip(self._blocks, self._bandwidths, strict=True)):
            centres, width = self._values[rows, column], factor * bandwidth
            if block.one_hot:
                m = block.stop - block.start
                away = generator.random(count) < min(width, (m - 1) / m)
                shift = np.where(away, generator.integers(1, m, size=count), 0)
                points[np.arange(count), block.start + (centres.astype(int) + shift) % m] = 1.0
            else:
                low, high = ndtr(-centres / width), ndtr((1.0 - centres) / width)
                quantiles = low + generator.random(count) * (high - low)
                points[:, block.start] = np.clip(centres + width * ndtri(quantiles), 0.0, 1.0)
        return points


def _values(X: Array, block: Block) -> Array:
    """(n,) coordinate of a numeric part, index of a choice."""
    return np.asarray(X[:, block.start : block.stop].argmax(axis=1) if block.one_hot else X[:, block.start])


def _spread(X: Array, block: Block) -> float:
    columns = X[:, block.start : block.stop]
    return float(np.sqrt(columns.var(axis=0).sum()))


def _log_kernel(values: Array, centres: Array, block: Block, bandwidth: float) -> Array:
    """(m, n) log kernel between values (m, 1) and centres (n,)."""
    if block.one_hot:
        m = block.stop - block.start
        h = min(bandwidth, (m - 1) / m)
        return np.asarray(np.where(values == centres, np.log1p(-h), np.log(h / (m - 1))))
    z = (values - centres) / bandwidth
    inside = np.log(ndtr((1.0 - centres) / bandwidth) - ndtr(-centres / bandwidth))
    return np.asarray(-0.5 * z * z - np.log(bandwidth * np.sqrt(2.0 * np.pi)) - inside)


class Densities:
    """The pair of densities, and what it makes of candidates."""

    def __init__(self, context: Context, options: KdeOptions) -> None:
        self._options = options
        self._encoder = Encoder(context.problem.space)
        self._observations = Observations(self._encoder, levels_of(context))
        self._least = options.searcher_num_min_data_points or len(self._encoder.blocks) + 1

    def ranked(self, history: HistoryView, generator: np.random.Generator) -> Iterator[Config]:
        """Candidates by falling ratio of the densities; none where there is too little to go by."""
        self._observations.update(history)
        enough = [table for table in self._observations.tables if len(table) >= self._least + 2]
        if not enough or not self._encoder.blocks:
            return
        good, bad = self._split(enough[-1])
        drawn = good.sample(self._options.searcher_num_candidates, self._options.searcher_bandwidth_factor, generator)
        configs = [self._encoder.decode(row) for row in drawn]
        points = self._encoder.encode_many(configs)
        for index in np.argsort(bad.log(points) - good.log(points), kind="stable"):
            yield configs[index]

    def _split(self, table: Table) -> tuple[Density, Density]:
        """Equation 3 of the paper: at least `_least` observations on either side, shared ones where there are few."""
        X, losses, _, _ = table.columns()
        order = np.argsort(np.where(np.isfinite(losses), losses, np.inf), kind="stable")
        good = max(self._least, len(X) * self._options.searcher_top_n_percent // 100)
        bad = max(self._least, len(X) - good)
        width = self._options.searcher_min_bandwidth
        blocks = self._encoder.blocks
        return Density(X[order[:good]], blocks, width), Density(X[order[-bad:]], blocks, width)
