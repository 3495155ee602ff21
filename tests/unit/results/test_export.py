"""Experiments in other tools' storages, read back with those tools."""

from __future__ import annotations

import json

import pytest

from harness.__main__ import main
from tests.fakes.experiments import written_rows

pytest.importorskip("pyarrow")

SPACE = {
    "lr": {"type": "loguniform", "lower": 0.001, "upper": 1.0},
    "width": {"type": "randint", "lower": 1, "upper": 8},
    "kind": {"type": "choice", "values": ["a", "b"]},
}
ROWS = [
    "trial_id,acc,epoch,config_lr,config_width,config_kind,config_epochs,st_tuner_time,st_decision,st_status",
    "0,0.5,1,0.1,3,a,9,1.0,CONTINUE,InProgress",
    "1,0.9,1,0.01,4,b,9,1.5,STOP,Stopped",
    "0,0.7,3,0.1,3,a,9,3.0,CONTINUE,Completed",
    "2,,,0.5,5,a,9,4.0,STOP,Failed",
]


@pytest.fixture
def experiment(root):
    facts = {
        "experiment_name": "study",
        "metric_names": ["acc"],
        "metric_mode": "max",
        "resource_attr": "epoch",
        "config_space": json.dumps(SPACE),
        "st_tuner_creation_timestamp": 1000.0,
    }
    return written_rows(root / "study-1", facts, ROWS)


def exported(tool, target, code=0):
    assert main(["export", "study-1", "--to", tool, "--target", str(target)]) == code


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_optuna(experiment, tmp_path, capsys):
    optuna = pytest.importorskip("optuna")
    target = tmp_path / "journal.log"
    exported("optuna", target)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(target)))
    study = optuna.load_study(study_name="study-1", storage=storage)
    assert (study.best_value, study.best_params) == (0.9, {"lr": 0.01, "width": 4, "kind": "b"})
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE", "FAIL"]
    assert study.trials[0].intermediate_values == {1: 0.5, 3: 0.7}
    assert study.trials[0].user_attrs["epochs"] == 9
    exported("optuna", target, code=2)
    assert "cannot write study-1: it has a study of that name already" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_best_trial_keeps_to_the_constraint(root, tmp_path):
    optuna = pytest.importorskip("optuna")
    facts = {"metric_names": ["loss"], "metric_mode": "min", "constraint_attr": "excess"}
    rows = ["trial_id,loss,excess,st_tuner_time,st_status", "0,0.1,1,1,Completed", "0,0.4,0,2,Completed"]
    rows += ["1,0.2,3,3,Completed", "2,0.6,-1,4,Completed", "3,0.1,,5,Completed"]
    written_rows(root / "study-1", {**facts, "st_tuner_creation_timestamp": 1.0}, rows)
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    exported("optuna", url)
    study = optuna.load_study(study_name="study-1", storage=url)
    assert [trial.value for trial in study.trials] == [0.4, 0.2, 0.6, 0.1]
    assert study.best_trial.number == 0
    mlflow = pytest.importorskip("mlflow")
    exported("mlflow", f"sqlite:///{tmp_path / 'runs.db'}")
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'runs.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("harness").experiment_id], "metrics.best_loss > 0")
    assert run.data.metrics == {"best_loss": 0.4}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_read_leaves_no_empty_study(experiment, tmp_path, capsys):
    optuna = pytest.importorskip("optuna")
    (experiment / "results.csv.zip").write_bytes(b"no zip")
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    exported("optuna", url)
    output = capsys.readouterr()
    assert "0 experiments written" in output.out and "results.csv.zip is broken" in output.err
    assert optuna.get_all_study_names(url) == []


TARGETS = [
    ("optuna", "nosuch://x", "Can't load plugin"),
    ("optuna", "sqlite:///{}/rows.csv", "file is not a database"),
    ("optuna", "{}/rows.csv", "it is there, and no journal of Optuna"),
    ("optuna", "{}/lines", "it is there, and no journal of Optuna"),
    ("optuna", "sqlite://", "a database in memory"),
    ("optuna", "{}/none/journal", "No such file or directory"),
    ("mlflow", "sqlite:///{}/rows.csv", "file is not a database"),
    ("tensorboard", "https://x", "a folder is wanted, not a URL"),
    ("tensorboard", "{}/rows.csv", "Not a directory"),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("tool", "target", "message"), TARGETS)
def test_a_target_that_takes_nothing_is_named(experiment, tmp_path, capsys, tool, target, message):
    pytest.importorskip(tool)
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n" * 1000)
    (tmp_path / "lines").write_text('{"event": "started"}\n')
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    exported(tool, target.format(tmp_path), code=2)
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    error = capsys.readouterr().err
    assert f"--target {target.format(tmp_path)}: cannot write study-1: " in error and message in error


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_tensorboard(experiment, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    exported("tensorboard", tmp_path / "logs")
    log = EventAccumulator(str(tmp_path / "logs" / "study-1" / "0"))
    log.Reload()
    assert [(event.step, event.wall_time) for event in log.Scalars("acc")] == [(1, 1001.0), (3, 1003.0)]
    assert [event.value for event in log.Scalars("acc")] == pytest.approx([0.5, 0.7])
    assert b'"lr": 0.1' in log.Tensors("configuration")[0].tensor_proto.string_val[0]
    exported("tensorboard", tmp_path / "logs", code=2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mlflow(experiment, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    target = (tmp_path / "runs").as_uri()
    exported("mlflow", target)
    client = mlflow.MlflowClient(tracking_uri=target)
    runs = client.search_runs([client.get_experiment_by_name("study").experiment_id])
    by_name = {run.info.run_name: run for run in runs}
    assert set(by_name) == {"study-1", "trial 0", "trial 1", "trial 2"}
    assert by_name["study-1"].data.metrics == {"best_acc": 0.9}
    assert by_name["trial 0"].data.params["lr"] == "0.1"
    history = client.get_metric_history(by_name["trial 0"].info.run_id, "acc")
    assert [(point.step, point.value) for point in history] == [(1, 0.5), (3, 0.7)]
    assert by_name["trial 2"].info.status == "FAILED"


def test_a_package_that_is_missing_is_named(experiment, monkeypatch, capsys):
    real = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "mlflow" else real(name))
    exported("mlflow", "x", code=3)
    assert "mlflow is not installed here" in capsys.readouterr().err
