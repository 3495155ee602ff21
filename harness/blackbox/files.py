"""Parquet files. pyarrow is imported here alone, and only when a table is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentFault, UsageError
from harness.jobdir import replacing

_CHUNK = 1 << 20


def digest(path: Path) -> str:
    """16 hexadecimal digits of the file's SHA-256. OSError where it cannot be read."""
    facts = path.stat()
    return _digest(path, facts.st_size, facts.st_mtime_ns)


@cache
def _digest(path: Path, size: int, changed: int) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()[:16]


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise EnvironmentFault(
            "tables are Parquet files, and pyarrow, which reads them, is not installed here",
            hint="pip install -e '.[blackbox]'",
        ) from None
    return pyarrow.parquet


def read_columns(path: Path, columns: Sequence[str]) -> Any:
    """pyarrow Table of these columns, mapped into memory; UsageError where the file lacks one or is no Parquet file."""
    check_columns(path, columns)
    return _parquet().read_table(path, columns=list(columns), memory_map=True)


def read_all(path: Path) -> dict[str, Any]:
    """All columns as numpy arrays; UsageError where the file is no Parquet file."""
    content = _open(path).read()
    return {name: content.column(name).to_numpy() for name in content.schema.names}


def write_columns(path: Path, columns: Mapping[str, Any]) -> None:
    """A Parquet file of these columns (arrays or lists of equal length), put in its place whole."""
    parquet = _parquet()
    import pyarrow

    with replacing(path) as file:
        parquet.write_table(pyarrow.table(dict(columns)), file, compression="zstd", compression_level=12)


def check_columns(path: Path, columns: Sequence[str]) -> None:
    """UsageError where the file cannot be read or lacks one of the columns; reads its last bytes only."""
    present = _open(path).schema_arrow.names
    missing = [name for name in columns if name not in present]
    if missing:
        raise UsageError(f"{path}: no column {', '.join(missing)}; the file has: {', '.join(present)}")


def largest(path: Path, column: str) -> float:
    """Greatest value of a numeric column, from the statistics of the file if it has any; UsageError for others."""
    file = _open(path)
    index = file.metadata.schema.names.index(column)
    groups = [file.metadata.row_group(group).column(index).statistics for group in range(file.metadata.num_row_groups)]
    if all(group is not None and group.has_min_max for group in groups) and groups:
        values = [group.max for group in groups]
    else:
        values = [value for value in file.read([column]).column(column).to_pylist() if value is not None]
    if not values or not all(isinstance(value, (int, float)) for value in values):
        raise UsageError(f"{path}: column {column} (resource) holds no numbers")
    return float(max(values))


def _open(path: Path) -> Any:
    parquet = _parquet()
    from pyarrow import ArrowException

    try:
        return parquet.ParquetFile(path, memory_map=True)
    except (OSError, ArrowException) as error:
        reason = getattr(error, "strerror", None) or f"no Parquet file ({str(error).splitlines()[0]})"
        raise UsageError(f"{path}: cannot read the table: {reason}") from None
