"""`results.csv.zip` -> an Arrow table: a row for each report, in the order they came."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TIME, TRIAL, STATUS, DECISION = "st_tuner_time", "trial_id", "st_status", "st_decision"


class UnreadableResults(ValueError):
    """The results of an experiment are missing or broken; `str()` says how."""


def read_rows(folder: Path) -> Any:
    """pyarrow Table of an experiment's results; no row where the experiment made no report.

    Raises UnreadableResults where the file is missing, cut off, no CSV, or not a tuning experiment's.
    """
    import pyarrow
    from pyarrow import csv

    data = _read(folder)
    if not data.strip():
        return pyarrow.table({TRIAL: pyarrow.array([], "int64"), TIME: pyarrow.array([], "float64")})
    try:
        table = csv.read_csv(
            pyarrow.BufferReader(data),
            # One block: a column's type is inferred from all its rows.
            read_options=csv.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(strings_can_be_null=True),
        )
    except pyarrow.ArrowInvalid as error:
        raise UnreadableResults(f"results are no CSV: {str(error).splitlines()[0]}") from None
    lacking = [name for name in (TRIAL, TIME) if name not in table.column_names]
    if lacking:
        raise UnreadableResults(f"results have no column {' and no column '.join(lacking)}")
    return table


def _read(folder: Path) -> bytes:
    """Syne Tune's loaders, too, take `results.csv` where there is no zip."""
    try:
        with zipfile.ZipFile(folder / "results.csv.zip") as archive:
            members = archive.namelist()
            if len(members) != 1:
                raise UnreadableResults(f"results.csv.zip holds {len(members)} files, not one")
            return archive.read(members[0])
    except FileNotFoundError:
        pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableResults(f"results.csv.zip is broken: {error}") from None
    except OSError as error:
        raise UnreadableResults(f"results.csv.zip cannot be read: {error.strerror}") from None
    try:
        return (folder / "results.csv").read_bytes()
    except OSError:
        raise UnreadableResults("it has no results.csv.zip") from None


def numbers(table: Any, column: str | None) -> Any:
    """The column as numpy floats, NaN where it is empty, absent or text. float64 [rows]."""
    import numpy as np
    import pyarrow

    if column is None or column not in table.column_names:
        return np.full(table.num_rows, np.nan)
    values = table.column(column)
    try:
        return values.cast(pyarrow.float64()).to_numpy(zero_copy_only=False).astype(float)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        return np.full(table.num_rows, np.nan)


def texts(table: Any, column: str) -> Sequence[str]:
    """The column as text, "" where it is empty or absent."""
    if column not in table.column_names:
        return [""] * int(table.num_rows)
    return ["" if value is None else str(value) for value in table.column(column).to_pylist()]
