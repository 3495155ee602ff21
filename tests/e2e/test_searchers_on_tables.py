"""The script that compares searchers on tables: runs jobs, pairs them by run id, says what is better."""

import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from tests.fakes.tables import curves, write_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("searchers_on_tables", ROOT / "scripts" / "searchers_on_tables.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TASKS", {"tiny": module.Task("none", "tiny", True, "loss", 200.0)})
    return module


def test_runs_are_made_once_and_paired(script, tmp_path):
    (tmp_path / "tables").mkdir()
    write_table(tmp_path / "tables" / "tiny.parquet", curves(number=60))
    task = script.prepare("tiny", tmp_path, tmp_path)
    assert (task.metric, task.sign, task.budget) == ("loss", 1.0, 200.0)
    for method in ("RS", "ASHA"):
        for run_id in range(3):
            folder = tmp_path / "tiny" / method / str(run_id)
            assert script.experiment(task, method, run_id, folder) == f"tiny {method} {run_id}"
            assert script.experiment(task, method, run_id, folder) == "", "finished"
    losses = script.read_task(task, tmp_path, runs=4)
    assert {method: sorted(runs) for method, runs in losses.items()} == {"RS": [0, 1, 2], "ASHA": [0, 1, 2]}
    for runs in losses.values():
        assert all(quarter >= half >= full for quarter, half, full in runs.values())
    text = script.page([task], tmp_path, runs=4)
    assert "| tiny | ASHA against RS | full | 3 |" in text and "| tiny | RS | 3 |" in text


def test_the_value_is_the_best_within_a_share_of_the_budget(script, tmp_path):
    task = script.Prepared("tiny", tmp_path, "acc", -1.0, 100.0, True)
    with zipfile.ZipFile(tmp_path / "results.csv.zip", "w") as archive:
        archive.writestr("results.csv", "st_tuner_time,acc\n10,0.5\n20,nan\n40,0.7\n60,0.6\n99,0.9\n101,1.0\n")
    assert script.losses_of(task, tmp_path) == [-0.5, -0.7, -0.9]
