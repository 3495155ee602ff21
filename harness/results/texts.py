"""Values as the text of JSON and CSV files: a number is turned into digits once for both, which is most of the work."""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Mapping, Sequence
from json import encoder
from typing import Any

quoted = encoder.encode_basestring_ascii
# What JSON and CSV write alike.
_PLAIN = (float, int)
# Of texts: those that JSON spells otherwise, and the absence of one.
_ODD = frozenset({None, "nan", "inf", "-inf"})


def texts(values: Mapping[str, Any]) -> tuple[str, Sequence[str]]:
    """The mapping as a JSON object, and its values as fields of CSV, as `json.dumps` and `csv.writer` write them."""
    plain = [repr(value) if type(value) in _PLAIN else None for value in values.values()]
    if _ODD.isdisjoint(plain):
        return _template(tuple(values)) % tuple(plain), plain  # type: ignore[return-value]
    return json.dumps(values), [csv_field(value) for value in values.values()]


@functools.lru_cache(maxsize=64)
def _template(names: Sequence[str]) -> str:
    return "{" + ", ".join(quoted(name).replace("%", "%%") + ": %s" for name in names) + "}"


def json_members(values: Mapping[str, Any]) -> str:
    """Further members of a JSON object that has some already; those that are None or "" are left out."""
    present = [(name, value) for name, value in values.items() if value is not None and value != ""]
    return "".join([f', "{name}": {json_text(value)}' for name, value in present])


def json_text(value: Any) -> str:
    """As `json.dumps` writes it."""
    if type(value) in _PLAIN:
        text = repr(value)
        if text not in _ODD:
            return text
    return quoted(value) if type(value) is str else json.dumps(value)


def csv_field(value: Any) -> str:
    """As `csv.writer` writes it, quoted where it has to be."""
    if type(value) in _PLAIN:
        return repr(value)
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow((value, 0))  # alone, an empty field would be quoted
    return line.getvalue()[:-3]


class Rows:
    """Rows of CSV with differing columns, as the texts of their fields."""

    def __init__(self) -> None:
        self._rows: list[tuple[Sequence[str], Sequence[str]]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, columns: Sequence[str], fields: Sequence[str]) -> None:
        """Args: columns: the same object for all rows that have them; of equal names the last field counts."""
        self._rows.append((columns, fields))

    def text(self) -> str:
        """All rows, columns in the order of first appearance, absent values empty."""
        shapes = {id(columns): columns for columns, _ in self._rows}.values()
        columns = list(dict.fromkeys(name for shape in shapes for name in shape)) or ["trial_id", "st_tuner_time"]
        if all(len(shape) == len(columns) for shape in shapes) and len(shapes) == 1:
            lines = [",".join(fields) for _, fields in self._rows]
        else:
            named = (dict(zip(shape, fields, strict=True)) for shape, fields in self._rows)
            lines = [",".join([row.get(name, "") for name in columns]) for row in named]
        return "\n".join([",".join(map(csv_field, columns)), *lines, ""])
