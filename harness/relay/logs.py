"""Metrics from the files that frameworks log to. Files are read anew when they have changed, from the first new row."""

from __future__ import annotations

import csv
import glob
import json
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from harness.relay.patterns import Found, level_of, number

Row = Mapping[str, Any]


def csv_rows(path: str) -> list[Row]:
    """Rows of a CSV file with a header (Lightning's metrics.csv, Keras' CSVLogger); not a last line still in the
    writing."""
    with open(path, newline="", encoding="utf-8") as file:
        text = file.read()
    complete, _, _ = text.rpartition("\n")
    return list(csv.DictReader(complete.splitlines()))


def json_rows(path: str) -> list[Row]:
    """Rows of a JSON file: an object of lists (Keras' History), a list of objects, or an object a line."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        whole = json.loads(text)
    except ValueError:
        return [row for row in _lines(text) if isinstance(row, dict)]
    if isinstance(whole, dict) and whole and all(isinstance(column, list) for column in whole.values()):
        return [dict(zip(whole, values, strict=True)) for values in zip_longest(*whole.values())]
    rows = whole if isinstance(whole, list) else [whole]
    return [row for row in rows if isinstance(row, dict)]


def _lines(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:  # still in the writing, or not of ours
            continue


def tensorboard_rows(folder: str) -> list[Row]:
    """Scalars of a folder of TensorBoard's event files, a row for each; `step` is the writer's."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util import tensor_util

    rows: list[Row] = []
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*tfevents*"))):
        for event in EventFileLoader(path).Load():
            scalars = [value for value in event.summary.value if value.HasField("tensor")]
            rows += [{"step": event.step, value.tag: tensor_util.make_ndarray(value.tensor)} for value in scalars]
    return rows


READERS: Mapping[str, Callable[[str], list[Row]]] = {
    "csv": csv_rows,
    "json": json_rows,
    "tensorboard": tensorboard_rows,
}


class Log:
    """The new rows of the files that a pattern names. What is there at the start is of an earlier leg.

    Args:
        kind: key of READERS.
        pattern: path, relative to the working directory, with the wildcards of `glob`.
        resource: column of the level; where rows lack it, it is `step`, else the number of the row
            counted from `first`.
    """

    def __init__(self, kind: str, pattern: str, metric: str, resource: str | None, first: int) -> None:
        self._first = first
        self._read = READERS[kind]
        self._pattern = pattern
        self._metric = metric
        self._resource = resource
        self._columns: set[str] = set()
        self._stamps: dict[str, object] = {}
        self._seen = {path: len(self._rows(path)) for path in self._files()}

    def _files(self) -> list[str]:
        return sorted(glob.glob(self._pattern, recursive=True), key=os.path.getmtime)

    def _rows(self, path: str) -> list[Row]:
        try:
            return self._read(path)
        except (OSError, ValueError):  # between two states of the writer
            return []

    def new(self) -> list[Found]:
        """Numbers and level of each row with the metric that came since the last call."""
        found: list[Found] = []
        for path in self._files():
            stamp = _stamp(path)
            if self._stamps.get(path) == stamp:
                continue
            self._stamps[path] = stamp
            rows = self._rows(path)
            seen = self._seen.get(path, 0)
            found += self._found(rows, seen if seen <= len(rows) else 0)  # begun anew
            self._seen[path] = len(rows)
        return found

    def _found(self, rows: list[Row], start: int) -> Iterator[Found]:
        position, level = self._first, None
        for index, row in enumerate(rows):
            self._columns.update(row)
            named = level_of(row.get(self._resource)) if self._resource else None
            level = level if named is None else named
            values = _numbers(row)
            if self._metric not in values:
                continue
            if index >= start:
                yield values, next(at for at in (level, values.get("step"), float(position)) if at is not None)
            position += 1

    def complaint(self) -> str:
        """Why nothing was found."""
        if not self._files():
            return f"metrics_from: no file {self._pattern} in {os.getcwd()}"
        if self._metric not in self._columns:
            return f"metrics_from: {self._pattern} has no {self._metric!r}; it has: {', '.join(sorted(self._columns))}"
        return f"metrics_from: {self._pattern} has no number for {self._metric!r}"


def _numbers(row: Row) -> dict[str, float]:
    """The row's columns that hold numbers; names that start with `st_` are the reporter's own."""
    found = ((str(name), number(text)) for name, text in row.items() if not str(name).startswith("st_"))
    return {name: value for name, value in found if value is not None}


def _stamp(path: str) -> object:
    """Changes when a file, or one of the files of a folder, changes."""
    inside = [entry.stat() for entry in os.scandir(path)] if os.path.isdir(path) else [os.stat(path)]
    return sorted((status.st_ino, status.st_mtime_ns, status.st_size) for status in inside)
