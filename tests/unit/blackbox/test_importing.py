"""Importers, on small files of the published formats."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from harness.blackbox.description import read_description
from harness.blackbox.importing import import_tables
from harness.blackbox.tables import load_table
from harness.core.seeds import rng
from harness.errors import UsageError

SHARED = Path(__file__).parents[4] / "shared" / "data"


def imported(name, source, folder):
    """Name of the table -> the table and its description."""
    paths = list(import_tables(name, source, folder, lambda table: True))
    return {path.stem: (load_table(path, read_description(path)), read_description(path)) for path in paths}


def reports(table, config):
    return [[curve.report(at) for at in range(len(curve.levels))] for curve in map(table.curve, table.curves(config))]


def repository(folder):
    """As `syne_tune.blackbox_repository.blackbox_tabular.serialize` writes it: 2 tasks, 2 cells, 3 seeds, 4 epochs."""
    folder.mkdir()
    ops = ["avg_pool_3x3", "nor_conv_3x3", "none"]
    spec = {
        f"hp_x{node}": {"domain_cls": "Categorical", "domain_kwargs": {"categories": ops}, "sampler_cls": "Uniform"}
        for node in range(2)
    }
    more = {"domain_cls": "FiniteRange", "domain_kwargs": {"lower": 8, "upper": 64, "size": 4}}
    more["domain_kwargs"] |= {"log_scale": True, "cast_int": True}
    bounds = {"domain_cls": "Float", "domain_kwargs": {"lower": 0.001, "upper": 1.0}, "sampler_cls": "LogUniform"}
    (folder / "configspace.json").write_text(json.dumps({**spec, "hp_batch": more, "hp_lr": bounds}))
    cells = {"hp_x0": ops[:2], "hp_x1": ["none", "none"], "hp_batch": [8, 64], "hp_lr": [0.01, 0.1]}
    pyarrow.parquet.write_table(pyarrow.table(cells), folder / "hyperparameters.parquet", compression="gzip")
    values = rng(0, "values").random((2, 2, 3, 4, 3)).astype(np.float32)
    values[..., 2] = values[..., 2].cumsum(axis=-1)
    values[1, 1, 2] = np.nan  # a cell that was not trained with the third seed
    np.save(folder / "objectives_evaluations.npy", values)
    np.save(folder / "fidelities_values.npy", np.arange(1, 5))
    names = ["metric_valid_error", "metric_runtime", "metric_elapsed_time"]
    facts = {"metric_elapsed_time": names[2], "metric_default": names[0], "resource_attr": "hp_epoch"}
    tasks = {"objectives_names": names, "task_names": ["cifar10", "ImageNet16-120"]}
    (folder / "metadata.json").write_text(json.dumps({**facts, **tasks}))
    return values


def test_a_blackbox_of_syne_tunes_repository(tmp_path):
    values = repository(tmp_path / "nasbench201")
    tables = imported("repository", tmp_path / "nasbench201", tmp_path / "out")
    assert list(tables) == ["nasbench201_cifar10", "nasbench201_ImageNet16-120"]
    table, description = tables["nasbench201_cifar10"]
    assert dict(description.metrics) == {"metric_valid_error": "min", "metric_runtime": "min"}
    assert description.space["hp_batch"].spec()["type"] == "logfinrange"
    assert description.space["hp_lr"].spec() == {"type": "loguniform", "lower": 0.001, "upper": 1.0}
    config = {"hp_x0": "nor_conv_3x3", "hp_x1": "none", "hp_batch": 64, "hp_lr": 0.1}
    found = reports(table, config)
    assert [[report["metric_valid_error"] for report in curve] for curve in found] == values[0, 1, :, :, 0].tolist()
    assert found[0][2]["metric_elapsed_time"] == pytest.approx(float(values[0, 1, 0, 2, 2]))
    assert [report["hp_epoch"] for report in found[0]] == [1, 2, 3, 4]
    other, _ = tables["nasbench201_ImageNet16-120"]
    assert len(other.curves(config)) == 2  # without a time there is no curve


def test_fcnets_own_files(tmp_path):
    config = {"activation_fn_1": "relu", "activation_fn_2": "tanh", "batch_size": 16, "dropout_1": 0.3}
    config |= {"dropout_2": 0.0, "init_lr": 0.005, "lr_schedule": "cosine", "n_units_1": 128, "n_units_2": 512}
    losses = rng(0, "losses").random((2, 4, 100)).astype(np.float32)
    with h5py.File(tmp_path / "fcnet_protein_structure_data.hdf5", "w") as file:
        for number, batch in enumerate((16, 64)):
            group = file.create_group(json.dumps({**config, "batch_size": batch}, sort_keys=True))
            group["valid_loss"], group["train_loss"] = losses[number], losses[number] / 2
            group["runtime"], group["n_params"] = [100.0, 200.0, 300.0, 400.0], [5.0] * 4
            group["final_test_error"] = [0.1] * 4
    (table, description) = imported("fcnet", tmp_path, tmp_path / "out")["nashpobench_protein_structure"]
    assert len(table) == 2 and list(description.metrics) == ["metric_valid_loss", "metric_train_loss"]
    found = reports(table, {f"hp_{name}": value for name, value in {**config, "batch_size": 64}.items()})
    assert [[report["metric_valid_loss"] for report in curve] for curve in found] == losses[1].tolist()
    assert [found[1][epoch]["metric_elapsed_time"] for epoch in (0, 49, 99)] == [2.0, 100.0, 200.0]


@pytest.mark.parametrize("zipped", [False, True])
def test_lcbenchs_own_file(tmp_path, zipped):
    config = {"batch_size": 71, "learning_rate": 0.0018, "momentum": 0.2, "weight_decay": 0.02, "num_layers": 3}
    config |= {"max_units": 293, "max_dropout": 0.03, "optimizer": "sgd"}
    tags = ("val_accuracy", "val_balanced_accuracy", "val_cross_entropy")
    tags += ("test_result", "test_balanced_accuracy", "test_cross_entropy")
    log = {f"Train/{tag}": [float(epoch) for epoch in range(52)] for tag in tags}
    log |= {"time": [2.0 + 3 * epoch for epoch in range(52)], "epoch": list(range(52))}
    trainings = {str(number): {"config": {**config, "batch_size": 71 + number}, "log": log} for number in range(3)}
    source = tmp_path / "data_2k_lw.json"
    source.write_text(json.dumps({"Fashion-MNIST": trainings}))
    if zipped:
        with zipfile.ZipFile(tmp_path / "data_2k_lw.zip", "w") as archive:
            archive.write(source, source.name)
        source = tmp_path / "data_2k_lw.zip"
    (table, _) = imported("lcbench", source, tmp_path / "out")["lcbench_Fashion-MNIST"]
    (curve,) = reports(table, {**config, "batch_size": 72})
    assert len(table) == 3 and len(curve) == 50
    assert (curve[0]["epoch"], curve[0]["time"], curve[0]["val_accuracy"]) == (1, 3.0, 1.0)
    assert (curve[-1]["epoch"], curve[-1]["time"], curve[-1]["test_accuracy"]) == (50, 150.0, 50.0)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the collections of real trainings are not here")
def test_collections_keep_to_the_protocol_of_the_reference(tmp_path):
    (table, description) = imported("collection", SHARED / "opda_alexnet_imagenet", tmp_path)["alexnet"]
    assert 12 * table.totals().mean() == pytest.approx(161410, rel=1e-4)
    assert len(table) == 512 and (table.lengths() == 1).sum() >= 49
    assert description.space["batch_size"].spec() == {"type": "ordinal", "values": [128, 256, 512, 1024]}
    tables = imported("collection", SHARED / "taskset_imdb", tmp_path)
    (table, description) = tables["taskset_patch32_GRU128_bs128"]
    assert len(tables) == 6 and len(table) == 1000 and set(table.lengths()) == {50}
    assert np.isfinite(table.values("valid_loss")).all() and table.values("valid_loss").max() == 1.0
    assert "one_minus_beta1" in description.space
    (table, description) = imported("collection", SHARED / "nasbench201", tmp_path)["nasbench201_final_cifar10"]
    assert description.resource is None and "FINAL VALUES ONLY" in description.about and len(table) == 15625


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        ("repositry", "", r"unknown format 'repositry' \(did you mean 'repository'\?\)"),
        ("fcnet", "none", r"none: there is no such file or folder"),
        ("fcnet", "", r"no fcnet_\*_data.hdf5 there"),
        ("fcnet", "fcnet_x_data.hdf5", "not a file of the FC-Net benchmarks"),
        ("lcbench", "fcnet_x_data.hdf5", "not the file of LCBench"),
        ("repository", "", "no configspace.json; a blackbox of the repository has"),
        ("collection", "", "not a known collection; known folders: lcbench, taskset_imdb"),
    ],
)
def test_what_is_not_in_the_format_is_one_line(tmp_path, name, source, fault):
    if source.endswith("hdf5"):
        (tmp_path / source).write_text("no")
    with pytest.raises(UsageError, match=fault):
        list(import_tables(name, tmp_path / source, tmp_path / "out", lambda table: True))
    assert not (tmp_path / "out").exists()
