"""Recording: the trials of experiments become a table from which the same trials can be played."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.blackbox.description import read_description
from harness.blackbox.recording import record
from harness.blackbox.tables import load_table
from harness.blackbox.writing import write_table as write_described
from harness.errors import UsageError
from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.tuner.run_job import run_job
from tests.fakes.tables import DESCRIPTION, curves, write_table


def simulated(folder, table, **settings):
    raw = Raw({"benchmark_name": "table", "table": str(table), "backend": "simulated", "num_trials": 5, **settings})
    (job,) = build(raw, 3).jobs()
    folder.mkdir()
    write_job(JobDir(folder), job)
    assert run_job(folder, {}) == 0
    return JobDir(folder)


@pytest.mark.parametrize("scheduler", ["hyperband_stopping", "hyperband_promotion"])
def test_a_recorded_experiment_holds_the_curves_that_it_was_played_from(tmp_path, scheduler):
    source = write_table(tmp_path / "t.parquet", curves(ragged=0.3, nan=0.2))
    folder = simulated(tmp_path / "a", source, scheduler=scheduler)
    recorded = record([folder])
    write_described(tmp_path / "r.parquet", recorded.columns, recorded.description)
    table = load_table(tmp_path / "r.parquet", read_description(tmp_path / "r.parquet"))
    original = load_table(source, read_description(source))
    events = [json.loads(line) for line in folder.events.read_text().splitlines()]
    reported = {event["trial_id"] for event in events if event["event"] == "reported"}
    started = [event for event in events if event["event"] == "started" and event["trial_id"] in reported]
    lengths = set()
    for event in started:
        config = event["config"]
        (number,), (real,) = table.curves(config), original.curves(config)
        ours, theirs = table.curve(number), original.curve(real)
        lengths.add(len(ours.levels))
        assert str(ours.columns) == str([column[: len(ours.levels)] for column in theirs.columns])  # text: NaN == NaN
    assert len(table) == len(started) and len(lengths) > 1


def test_equal_configurations_of_two_experiments_are_told_apart(tmp_path):
    source = write_table(tmp_path / "t.parquet", curves())
    folders = [simulated(tmp_path / name, source, scheduler="fifo") for name in ("a", "b")]
    recorded = record(folders)
    assert recorded.description.seed == "repeat"
    assert recorded.curves == 2 * len({*recorded.columns["lr"]})
    assert set(recorded.columns["repeat"]) == {0, 1}


def test_without_a_reported_time_the_clock_counts_less_pauses(tmp_path):
    folder = JobDir(tmp_path)
    space = json.dumps({"x": {"type": "uniform", "lower": 0, "upper": 1}, "epochs": 4})
    facts = {"metric_names": ["loss"], "metric_mode": "min", "benchmark": "b", "max_resource_attr": "epochs"}
    folder.metadata.write_text(json.dumps({"config_space": space, "resource_attr": "epoch", **facts}))
    events = [
        {"event": "started", "trial_id": 0, "at": 10.0, "config": {"x": 0.5}},
        {"event": "reported", "trial_id": 0, "at": 13.0, "metrics": {"epoch": 1, "loss": 2.0}},
        {"event": "ended", "trial_id": 0, "at": 13.0, "status": "Paused"},
        {"event": "started", "trial_id": 1, "at": 13.0, "config": {"x": 0.7}},
        {"event": "reported", "trial_id": 1, "at": 14.0, "metrics": {"epoch": 1, "loss": 9.0}},
        {"event": "ended", "trial_id": 1, "at": 15.0, "status": "Failed"},
        {"event": "resumed", "trial_id": 0, "at": 100.0},
        {"event": "reported", "trial_id": 0, "at": 104.0, "metrics": {"epoch": 2, "loss": 1.0}},
    ]
    folder.events.write_text("".join(json.dumps(event) + "\n" for event in events) + '{"event": "rep')
    recorded = record([folder])
    assert recorded.columns == {"x": [0.5, 0.5], "epoch": [1, 2], "elapsed_time": [3.0, 7.0], "loss": [2.0, 1.0]}
    assert (recorded.curves, recorded.failed) == (1, 1)


def test_experiments_of_different_spaces_are_no_one_table(tmp_path):
    one = write_table(tmp_path / "t.parquet", curves())
    narrow = {**DESCRIPTION["hyperparameters"], "width": {"type": "randint", "lower": 1, "upper": 128}}
    other = write_table(tmp_path / "u.parquet", curves(), {**DESCRIPTION, "hyperparameters": narrow})
    folders = [simulated(tmp_path / name, table) for name, table in (("a", one), ("b", other))]
    with pytest.raises(UsageError, match=r"b: differs from .*a in config_space"):
        record(folders)


def test_from_sweep_to_table_by_commands(tmp_path, monkeypatch, capsys):
    from harness.__main__ import main

    table = write_table(tmp_path / "t.parquet", curves())
    manifest = tmp_path / "sweep.yaml"
    manifest.write_text(
        json.dumps(
            {
                "benchmark_name": "table",
                "table": str(table),
                "backend": "simulated",
                "scheduler": ["fifo", "hyperband_stopping"],
                "num_trials": 3,
            }
        )
    )
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path / "results"))
    out = tmp_path / "recorded.parquet"
    assert main(["record", str(manifest), "-o", str(out)]) == 2  # nothing has run yet
    assert not out.exists()
    assert main(["sweep", str(manifest), "--runtime", "process"]) == 0
    capsys.readouterr()
    assert main(["record", str(manifest), "-o", str(out)]) == 0
    assert "of 2 experiments" in capsys.readouterr().out
    assert main(["table", "info", str(out), "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["rows"] == len(load_table(out, read_description(out)).levels()) > 20
    assert info["metrics"]["loss"]["best"] >= min(curves()["loss"])
    assert main(["table", "info", str(out)]) == 0
    text = capsys.readouterr().out
    assert "lr: loguniform 0.0001 to 1" in text and "epoch 1 to 9" in text
    assert os.fspath(Path(out)) in text
