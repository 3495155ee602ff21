"""Benchmarks that are published tables, and the tables that are shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.benchmark_factory import BENCHMARKS
from benchmarks.mlp_fashionmnist.definition import TABLE, TABLE_EPOCHS, MlpOptions, define
from benchmarks.tabulated import Tabulated, TabulatedOptions
from harness.blackbox.description import read_description
from harness.blackbox.opening import open_blackbox
from harness.blackbox.tables import load_table
from harness.core.domains import loguniform
from harness.core.space import Space
from harness.errors import EnvironmentFault, UsageError
from harness.manifest.raw import Raw
from harness.plan.build import build
from tests.fakes.tables import DESCRIPTION, curves, write_table

PUBLISHED = [name for name, plugin in BENCHMARKS.items() if plugin.options == "benchmarks.tabulated:TabulatedOptions"]
ROOT = Path(__file__).parents[3]


def test_all_of_them_are_there():
    assert len(PUBLISHED) == 3 + 4 + 35
    expected = {"nasbench201": ("metric_valid_error", 200), "nashpobench": ("metric_valid_loss", 100)}
    for name in PUBLISHED:
        definition = BENCHMARKS[name].load()
        metric, level = expected.get(name.split("_")[0], ("val_accuracy", 50))
        assert (definition.name, definition.metric, definition.max_resource) == (name, metric, level)


@pytest.mark.parametrize("name", ["nasbench201_ImageNet16-120", "nashpobench_slice_localization", "lcbench_kr-vs-kp"])
def test_without_the_table_the_remedy_is_said(tmp_path, name):
    with pytest.raises(EnvironmentFault, match=f"the table of benchmark {name} is not in {tmp_path}") as fault:
        BENCHMARKS[name].load()(TabulatedOptions(blackbox_folder=str(tmp_path)), None)
    assert fault.value.exit_code == 3 and "harness table import" in fault.value.hint


def test_a_table_is_the_benchmark(tmp_path):
    define = Tabulated("some", "loss", 7, "get it")
    write_table(tmp_path / "some.parquet", curves())
    options = TabulatedOptions(blackbox_folder=str(tmp_path), blackbox_surrogate="knn")
    benchmark = define(options, None)
    problem = benchmark.problem
    assert (problem.metric, problem.mode, problem.max_resource, problem.resource_attr) == ("loss", "min", 7, "epoch")
    assert define(options, 3).problem.max_resource == 3
    assert benchmark.table.surrogate == "knn" and benchmark.data["blackbox_folder"].folder == str(tmp_path)
    moved = options.relocated({"blackbox_folder": tmp_path / "there"})
    assert moved.blackbox_folder == str(tmp_path / "there")
    with pytest.raises(UsageError, match=r"max_resource_level = 10: .* ends at epoch 9"):
        define(options, 10)
    with pytest.raises(UsageError, match=r"table_seed = 1: .*names no seed column"):
        define(TabulatedOptions(blackbox_folder=str(tmp_path), table_seed=1), None)
    write_table(tmp_path / "some.parquet", curves(), {**DESCRIPTION, "metrics": {"seconds2": "min"}})
    with pytest.raises(UsageError):
        define(options, None)


def test_the_recorded_table_is_that_of_the_benchmark():
    description = read_description(TABLE)
    problem = define(MlpOptions(), TABLE_EPOCHS).problem
    assert description.space.spec() == Space(problem.space.hyperparameters).spec()
    assert (description.resource, description.elapsed_time) == (problem.resource_attr, problem.elapsed_time_attr)
    table = load_table(TABLE, description)
    assert len(table) == table.count >= 500 and set(table.lengths()) == {TABLE_EPOCHS}
    accuracy = table.values("accuracy")
    assert np.isfinite(accuracy).all() and 0 <= accuracy.min() < 0.2 and 0.75 < accuracy.max() < 1
    assert TABLE.stat().st_size < 5_000_000


def test_simulated_the_benchmark_plays_its_table_up_to_its_last_level():
    (job,) = build(Raw({"backend": "simulated", "num_trials": 1}), 0).jobs()
    assert job.settings["max_resource_level"] == TABLE_EPOCHS
    (job,) = build(Raw({"num_trials": 1}), 0).jobs()
    assert job.settings["max_resource_level"] == 81
    best = open_blackbox(define(MlpOptions(report_current_best=True), TABLE_EPOCHS).table)
    config = {**define(MlpOptions(), TABLE_EPOCHS).problem.space.midpoint(), "learning_rate": 0.01}
    accuracies = best.play(config, lambda count: 0).columns[-1]
    assert accuracies == sorted(accuracies)


def test_the_shipped_curves_of_lcbench():
    path = ROOT / "benchmarks" / "table" / "tables" / "lcb_blood.parquet"
    table = load_table(path, read_description(path))
    assert len(table) == 2000 and set(table.lengths()) == {51}
    assert table.values("val_accuracy").max() == pytest.approx(80.12, abs=0.01)
    assert read_description(path).space["learning_rate"] == loguniform(1e-4, 0.1)
