"""Surrogates: curves between the rows of a table."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.benchmark import TableRef
from harness.blackbox.description import read_description
from harness.blackbox.opening import open_blackbox
from harness.blackbox.surrogates import REGRESSORS, Surrogate
from harness.blackbox.tables import load_table
from tests.fakes.tables import curves, write_table


def surrogate(folder, name, **rough):
    path = write_table(folder / "t.parquet", curves(60, **rough))
    description = read_description(path)
    table = load_table(path, description)
    return Surrogate(table, name, description.metrics), table


def never(count):
    raise AssertionError("a surrogate has one curve for a configuration")


@pytest.mark.parametrize("name", REGRESSORS)
def test_predictions_lie_within_the_table_and_repeat(tmp_path, name):
    one, table = surrogate(tmp_path, name, ragged=0.4, nan=0.1)
    again, _ = surrogate(tmp_path, name, ragged=0.4, nan=0.1)
    losses = table.values("loss")
    low, high = np.nanmin(losses), np.nanmax(losses)
    lengths = set()
    for lr in np.geomspace(1e-4, 1, 12):
        config = {"lr": float(lr), "width": 20}
        curve = one.play(config, never)
        assert curve.report(0).keys() == {"epoch", "seconds", "loss"}
        assert curve.columns == again.play(config, never).columns
        assert curve.levels == list(range(1, len(curve.levels) + 1))
        assert curve.seconds == sorted(curve.seconds) and curve.seconds[0] > 0
        assert all(low - 1e-9 <= loss <= high + 1e-9 for loss in curve.columns[-1])
        lengths.add(len(curve.levels))
    assert len(lengths) > 1


def test_a_configuration_of_the_table_gets_its_own_curve_from_its_neighbours(tmp_path):
    model, table = surrogate(tmp_path, "knn")
    columns = curves(60)
    config = {"lr": columns["lr"][0], "width": columns["width"][0]}
    (number,) = table.curves(config)
    real, predicted = table.curve(number), model.play(config, never)
    assert np.allclose(real.seconds, predicted.seconds) and np.allclose(real.columns[-1], predicted.columns[-1])


def test_two_neighbours_are_weighted_by_distance(tmp_path):
    rows = {"lr": [1e-4, 1.0], "width": [1, 1], "epoch": [1, 1], "seconds": [10.0, 30.0], "loss": [1.0, 2.0]}
    path = write_table(tmp_path / "t.parquet", rows)
    description = read_description(path)
    model = Surrogate(load_table(path, description), "knn", description.metrics)
    report = model.play({"lr": 1e-3, "width": 1}, never).report(0)  # a quarter of the way, on the log axis
    assert report == {"epoch": 1, "seconds": pytest.approx(15.0), "loss": pytest.approx(1.25)}


def test_a_table_is_opened_once_while_its_file_stays_the_same(tmp_path):
    path = write_table(tmp_path / "t.parquet", curves(5))
    first = open_blackbox(TableRef(path))
    assert open_blackbox(TableRef(path)) is first
    assert isinstance(open_blackbox(TableRef(path, surrogate="knn")), Surrogate)
    write_table(path, curves(7))
    assert open_blackbox(TableRef(path)) is not first


def test_so_far_the_best_value_is_reported(tmp_path):
    rows = {"lr": [0.1] * 4, "width": [4] * 4, "epoch": [1, 2, 3, 4], "seconds": [1.0, 2.0, 3.0, 4.0]}
    path = write_table(tmp_path / "t.parquet", {**rows, "loss": [3.0, math.nan, 1.0, 2.0]})
    table = load_table(path, read_description(path), so_far=True)
    assert table.curve(0).columns[-1] == [3.0, 3.0, 1.0, 1.0]
