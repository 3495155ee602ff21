"""Folders of ours in Syne Tune's own loaders, and folders of theirs in ours."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.benchmark_factory import BENCHMARKS
from harness.__main__ import main
from harness.results.best import best_row
from harness.results.load import find
from harness.results.rows import read_rows
from tests.fakes.benchmark import TABLE
from tests.fakes.experiments import ran
from tests.fakes.tables import curves, write_table

# The first test makes the side environment.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SIMULATED = {"benchmark_name": "table", "backend": "simulated", "experiment_name": "compat", "num_trials": 8}


@pytest.fixture
def experiments(root, tmp_path, monkeypatch):
    """Simulated, real, failed and empty experiments in one results folder."""
    monkeypatch.setattr("benchmarks.benchmark_factory.BENCHMARKS", {**BENCHMARKS, "fake": TABLE["fake"]})
    table = write_table(tmp_path / "curves.parquet", curves(ragged=0.3, nan=0.1))
    schedulers = ["fifo", "hyperband_stopping"]
    ran(root, **SIMULATED, table=str(table), scheduler=schedulers, run_id=[0, 1])
    ran(root, experiment_name="real", benchmark_name="fake", num_trials=3, max_resource_level=3)
    faulty = {"benchmark_name": "fake", "script": "faulty.py", "fault": "exit"}
    ran(root, experiment_name="failed", num_trials=2, max_resource_level=3, max_failures=2, **faulty)
    (empty,) = ran(root, experiment_name="empty", benchmark_name="fake", scheduler_timeout=0.2, delay=5.0)
    assert read_rows(empty).num_rows == 0
    return root


def asked(syne_tune, root, tmp_path):
    """What the side environment's loaders say of the results folder."""
    version, python = syne_tune
    # Read by them when they are imported. Our package must not be in reach.
    environment = {**os.environ, "SYNETUNE_FOLDER": str(root), "MPLBACKEND": "Agg", "PYTHONPATH": ""}
    script = Path(__file__).with_name("loaders.py")
    command = [python, "-W", "ignore", script, version, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_their_loaders_read_ours(syne_tune, experiments, tmp_path):
    answer = asked(syne_tune, experiments, tmp_path)
    ours, broken = find([experiments])
    assert not broken
    names = sorted(one.name for one in ours)
    assert answer["listed"] == answer["metadata"] == names
    assert len(names) == 7
    rows = {one.name: read_rows(one.folder) for one in ours}
    for one in ours:
        theirs = answer["described"][one.name]
        best = best_row(rows[one.name], one)
        assert theirs["best"] == (None if best is None else [best["trial_id"], pytest.approx(best[one.metric])])
        status = one.status["best"]
        assert (status is None) == (best is None)
        if best:
            assert (status["trial_id"], status["value"]) == (best["trial_id"], pytest.approx(best[one.metric]))
        assert (theirs["rows"], theirs["names"], theirs["mode"]) == (rows[one.name].num_rows, [one.metric], one.mode)
        assert theirs["entrypoint"] == one.metadata["entrypoint"]
    assert answer["frame_rows"] == sum(table.num_rows for table in rows.values())
    assert {"algorithm", "benchmark", "seed", "st_status", "config_lr", "config_x"} <= set(answer["columns"])
    assert set(answer["analysis"]) >= {"RS table 5", "ASHA table 6", "RS fake 5"}
    if "comparative" in answer:
        found = answer["comparative"]
        seeds = {method: sorted(own) for method, own in found["metadata"]["seed"].items()}
        assert seeds == {"RS": [5, 6], "ASHA": [5, 6]}
        assert {method: len(own["trial_id"]) for method, own in found["last"].items()} == {"RS": 2, "ASHA": 2}


def test_ours_read_theirs(root, tmp_path, capsys):
    """A folder as Syne Tune 0.13's tuner leaves it: lists in metadata, no state, no seed of ours."""
    for seed, (method, losses) in enumerate([("RS", "0.5 0.4"), ("RS", "0.6 0.3"), ("BO", "0.5 0.2")]):
        folder = root / "study" / f"study-2024-01-0{seed + 1}-10-00-00-123"
        folder.mkdir(parents=True)
        facts = {
            "metric_names": ["loss", "time"],
            "metric_mode": ["min", "max"],
            "entrypoint": "train",
            "backend": "LocalBackend",
            "scheduler_name": "FIFOScheduler",
            "algorithm": method,
            "benchmark": "theirs",
            "seed": seed % 2,
            "st_tuner_creation_timestamp": 1.7e9 + seed,
        }
        (folder / "metadata.json").write_text(json.dumps(facts))
        rows = [f"{value},{trial},{trial + 1.5},CONTINUE,InProgress" for trial, value in enumerate(losses.split())]
        (folder / "results.csv").write_text("\n".join(["loss,trial_id,st_tuner_time,st_decision,st_status", *rows]))
    page = tmp_path / "page.html"
    assert main(["report", str(root / "study"), "--output", str(page)]) == 0
    text = page.read_text()
    assert "No difference between the two methods is established with 1 paired run" in text
    assert "has the best median" not in text, "RS ran with one seed more"
    assert "wall-clock time (s)" in text
    capsys.readouterr()
    assert main(["results", "study", "--per", "experiment"]) == 0
    assert capsys.readouterr().out.count("theirs") == 3
