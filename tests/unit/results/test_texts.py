"""The texts of results against the standard library's writers of JSON and CSV."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.results.texts import Rows, csv_field, json_members, json_text, texts

VALUES = st.floats() | st.integers() | st.booleans() | st.none() | st.text(max_size=5) | st.sampled_from('",%\n\r')
MAPPINGS = st.dictionaries(st.text(max_size=4) | st.sampled_from(["%", "%s", "a"]), VALUES, max_size=4)


def csv_lines(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


@given(MAPPINGS)
def test_a_mapping_is_written_as_the_standard_library_writes_it(values):
    entry, fields = texts(values)
    assert entry == json.dumps(values)
    assert ",".join([*fields, "0"]) + "\n" == csv_lines([[*values.values(), 0]])


@given(MAPPINGS)
def test_members_leave_out_what_is_empty(values):
    present = {name: value for name, value in values.items() if value is not None and value != ""}
    named = {f"n{number}": value for number, value in enumerate(present.values())}
    assert json.loads(f'{{"first": 0{json_members(named)}}}', parse_constant=str) == json.loads(
        json.dumps({"first": 0, **named}), parse_constant=str
    )


def test_numbers_of_numpy_are_written_as_python_s_own():
    assert csv_field(np.float64(0.1)) == json_text(np.float64(0.1)) == "0.1"
    assert csv_field(np.int64(3)) == "3"


@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1), min_size=1, max_size=6))
def test_rows_of_differing_columns_are_lined_up(rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    expected = [columns, *([row.get(name) for name in columns] for row in rows)]
    written, shapes = Rows(), {}
    for row in rows:
        shape = shapes.setdefault(tuple(row), tuple(row))
        written.add(shape, texts(row)[1])
    if len(columns) > 1:  # alone, csv.writer quotes an empty field
        assert written.text() == csv_lines(expected)


def test_of_equal_columns_the_last_counts():
    rows = Rows()
    rows.add(("trial_id", "loss", "trial_id"), ("0", "0.5", "7"))
    assert rows.text() == "trial_id,loss\n7,0.5\n"
