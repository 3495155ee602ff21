"""Tables: rows become curves, configurations are looked up, and files that are no tables are told apart."""

from __future__ import annotations

import math
import sys

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.__main__ import main
from harness.blackbox.description import read_description
from harness.blackbox.lookup import Nearest
from harness.blackbox.tables import load_table
from harness.core.domains import choice, loguniform, ordinal, randint
from harness.core.encode import Encoder
from harness.core.seeds import rng
from harness.core.space import Space
from harness.errors import EnvironmentFault, UsageError
from tests.fakes.tables import DESCRIPTION, curves, write_table


def load(path, seed=None):
    return load_table(path, read_description(path), seed)


def test_shuffled_rows_become_the_same_curves(tmp_path):
    columns = curves(ragged=0.5, nan=0.2)
    order = rng(1, "shuffle").permutation(len(columns["lr"]))
    shuffled = {name: [values[row] for row in order] for name, values in columns.items()}
    table, other = (
        load(write_table(tmp_path / "a.parquet", columns)),
        load(write_table(tmp_path / "b.parquet", shuffled)),
    )
    assert len(table) == len(other) == 40
    for start in np.flatnonzero(np.array(columns["epoch"]) == 1):
        config = {"lr": columns["lr"][start], "width": columns["width"][start]}
        rows = [row for row in range(len(order)) if columns["lr"][row] == config["lr"]]
        for one in (table, other):
            (number,) = one.curves(config)
            curve = one.curve(number)
            reports = [curve.report(position) for position in range(len(curve.levels))]
            expected = [{name: columns[name][row] for name in ("epoch", "seconds", "loss")} for row in rows]
            assert [str(report) for report in reports] == [str(report) for report in expected]  # text: NaN == NaN


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_the_nearest_row_wins_the_first_of_equals(seed, finite):
    entries = {"n": randint(1, 5), "kind": choice(["a", "b", "c"]), "size": ordinal([8, 16, 64])}
    space = Space(entries if finite else {**entries, "lr": loguniform(1e-3, 1)})
    known = [space.sample(rng(seed, "known", index)) for index in range(12)]
    encoder = Encoder(space)
    nearest = Nearest(encoder, encoder.encode_many(known))
    for index in range(20):
        asked = space.sample(rng(seed, "asked", index))
        distances = [
            sum((a - b) ** 2 for a, b in zip(encoder.encode(asked), encoder.encode(one), strict=True)) for one in known
        ]
        assert distances[nearest(asked)] == pytest.approx(min(distances), abs=1e-12)
        if asked in known:
            assert nearest(asked) == known.index(asked)


def test_seeds_are_curves_of_one_configuration(tmp_path):
    rows = {"lr": [0.1] * 4, "width": [4] * 4, "epoch": [1, 1, 2, 2], "seconds": [1.0, 1.0, 2.0, 2.0]}
    rows |= {"loss": [0.5, 0.7, 0.4, 0.6], "run": [7, 3, 7, 3]}
    path = write_table(tmp_path / "t.parquet", rows, {**DESCRIPTION, "seed": "run"})
    table = load(path)
    numbers = table.curves({"lr": 0.2, "width": 5})
    assert [[table.seed(number), table.curve(number).columns[-1]] for number in numbers] == [
        [3, [0.7, 0.6]],
        [7, [0.5, 0.4]],
    ]
    only = load(path, seed=7)
    assert [only.curve(number).columns[-1] for number in only.curves({"lr": 0.2, "width": 5})] == [[0.5, 0.4]]
    with pytest.raises(UsageError, match="no rows of seed 5"):
        load(path, seed=5)
    with pytest.raises(UsageError, match="several rows of one"):
        load(write_table(tmp_path / "u.parquet", rows))


def test_values_of_choices_are_found_whatever_their_column_stores_them_as(tmp_path):
    space = {"drop": {"type": "choice", "values": [0.1, 0.2]}, "flag": {"type": "choice", "values": [True, False]}}
    rows = {
        "drop": pyarrow.array([0.1, 0.2], pyarrow.float32()),
        "flag": [True, False],
        "seconds": [3, 4],
        "loss": [1, 2],
    }
    table = load(
        write_table(
            tmp_path / "t.parquet",
            rows,
            {"hyperparameters": space, "elapsed_time": "seconds", "metrics": {"loss": "max"}},
        )
    )
    (number,) = table.curves({"drop": 0.2, "flag": False})
    assert table.curve(number).report(0) == {"seconds": 4.0, "loss": 2}


def test_absent_metrics_are_nan(tmp_path):
    table = load(write_table(tmp_path / "t.parquet", {**curves(1, 2), "loss": [None, 1.5]}))
    first, second = table.curve(0).columns[-1]
    assert math.isnan(first) and second == 1.5


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"loss": ["a", "b"]}, "column loss holds no numbers"),
        ({"lr": [None, None]}, "column lr has 2 rows without a value"),
        ({"epoch": [1.5, 2.0]}, r"column epoch \(resource\) holds values that are no whole numbers"),
        ({"epoch": [1, 1]}, "several rows of one"),
        ({"seconds": [2.0, 1.0]}, r"column seconds \(elapsed_time\) decreases"),
        ({"seconds": [2.0, math.inf]}, r"column seconds \(elapsed_time\) holds values that are no seconds"),
        ({"seconds": [-2.0, 1.0]}, r"column seconds \(elapsed_time\) holds values that are no seconds"),
    ],
)
def test_what_a_column_holds_is_checked(tmp_path, change, fault):
    path = write_table(tmp_path / "t.parquet", {**curves(1, 2), **change})
    with pytest.raises(UsageError, match=fault):
        load(path)


def test_values_off_the_domain_name_column_and_domain(tmp_path):
    space = {"lr": {"type": "choice", "values": [1, 2]}, "width": {"type": "randint", "lower": 1, "upper": 64}}
    path = write_table(tmp_path / "t.parquet", curves(1, 2), {**DESCRIPTION, "hyperparameters": space})
    with pytest.raises(UsageError, match=r"column lr: .* is none of \[1, 2\]"):
        load(path)


def test_without_pyarrow_the_next_step_is_said(tmp_path, monkeypatch):
    path = write_table(tmp_path / "t.parquet", curves(1, 2))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(EnvironmentFault, match="pyarrow, which reads them, is not installed") as fault:
        load(path)
    assert "[blackbox]" in fault.value.hint


@pytest.mark.parametrize("path", ["", ".", "/", "nope.parquet"])
def test_what_is_no_table_has_no_facts(path, capsys):
    assert main(["table", "info", path]) == 2
    assert f"{path or '.'}: there is no such table" in capsys.readouterr().err
