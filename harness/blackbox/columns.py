"""Columns of a table as arrays: numbers, codes of distinct values, and distinct values on the unit axis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.core.encode import Encoder
from harness.errors import UsageError


@dataclass(frozen=True)
class Coded:
    """A column as positions (int64, a row each) in the list of its distinct values, in the order of appearance."""

    codes: np.ndarray
    values: list[Any]


def coded(path: Path, name: str, column: Any) -> Coded:
    """Distinct values of a pyarrow column. UsageError where a row has none."""
    if column.null_count:
        raise UsageError(f"{path}: column {name} has {column.null_count} rows without a value")
    encoded = column.combine_chunks().dictionary_encode()
    if hasattr(encoded, "chunks"):  # of a column without rows, or of several chunks in older versions
        encoded = encoded.combine_chunks()
    values = encoded.dictionary.to_pylist()
    if str(column.type) == "float":
        # 0.1 was stored as the nearest float32: its shortest decimal is what was meant.
        values = [float(str(np.float32(value))) for value in values]
    return Coded(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), values)


def numbers(path: Path, name: str, column: Any) -> np.ndarray:
    """A pyarrow column of numbers, an entry a row, absent ones NaN. UsageError for anything else."""
    values = column.to_numpy()
    if values.dtype.kind not in "iuf":
        raise UsageError(f"{path}: column {name} holds no numbers ({column.type})")
    return np.asarray(values)


def densified(codes: np.ndarray) -> np.ndarray:
    """Equal codes to equal numbers 0, 1, ... in the order of appearance; both int64, an entry a row."""
    import pyarrow

    return np.asarray(pyarrow.array(codes).dictionary_encode().indices.to_numpy()).astype(np.int64)


def encoded(path: Path, encoder: Encoder, columns: dict[str, Coded], rows: np.ndarray) -> np.ndarray:
    """Matrix (len(rows), d): these rows' configurations in the unit cube. UsageError for values off the domain."""
    matrix = np.zeros((len(rows), encoder.dim))
    for block in encoder.blocks:
        column = columns[block.name]
        try:
            if block.one_hot:
                positions = np.array([block.domain.index(value) for value in column.values])  # type: ignore[union-attr]
                matrix[np.arange(len(rows)), block.start + positions[column.codes[rows]]] = 1.0
            else:
                axis = np.array([block.domain.encode(value) for value in column.values])
                matrix[:, block.start] = axis[column.codes[rows]]
        except (ValueError, TypeError) as error:
            raise UsageError(f"{path}: column {block.name}: {error}; the domain is {block.domain.spec()}") from None
    return matrix
