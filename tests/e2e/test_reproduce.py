"""One experiment again from its record alone, and two experiments side by side."""

from __future__ import annotations

import json
import shutil

import pytest

from harness.__main__ import main
from tests.e2e.test_simulated import harness
from tests.fakes.experiments import ran
from tests.fakes.tables import curves, write_table

SETTINGS = {"benchmark_name": "table", "backend": "simulated", "num_trials": 12, "scheduler": "hyperband_promotion"}


@pytest.fixture
def table(tmp_path):
    return str(write_table(tmp_path / "curves.parquet", curves(ragged=0.3, nan=0.1)))


@pytest.fixture
def results(root, table):
    """A results folder with one simulated experiment: (results folder, its folder)."""
    (folder,) = ran(root, offset=7, table=table, **SETTINGS)
    return root, folder


def test_a_simulated_experiment_repeats_exactly_from_its_metadata_alone(results, capsys):
    root, folder = results
    (folder / "job.json").unlink()
    done = harness("reproduce", folder.name, results=root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"the same results as {folder.name}" in done.stdout.replace("\n", " ")
    (again,) = (path for path in root.glob("stune-*") if path != folder)
    assert (again / "events.jsonl").read_bytes() == (folder / "events.jsonl").read_bytes()
    assert json.loads((again / "metadata.json").read_text())["tags"] == f"reproduces {folder.name}"
    assert main(["diff", folder.name, again.name]) == 0
    told = capsys.readouterr().out
    assert "made by" in told  # the first was run without a launcher, which notes its runtime
    assert not {"setting", "seed", "result"} & {line.split("│")[1].strip() for line in told.splitlines() if "│" in line}
    assert main(["diff", again.name, again.name]) == 0
    assert capsys.readouterr().out == "no difference but names and times\n"


@pytest.mark.parametrize(
    ("fact", "value", "told"),
    [
        ("code_hash", "0123", "code_hash was 0123 and is "),
        ("package_numpy", "1.0", "package_numpy was 1.0 and is "),
        ("code_hash", None, "code_hash was not recorded"),
    ],
)
def test_other_code_or_packages_are_refused(results, capsys, fact, value, told):
    _, folder = results
    facts = json.loads((folder / "metadata.json").read_text())
    facts = {name: own for name, own in {**facts, fact: value}.items() if own is not None}
    (folder / "metadata.json").write_text(json.dumps(facts))
    assert main(["reproduce", folder.name]) == 1
    error = capsys.readouterr().err
    assert told in error and "--allow_differences" in error
    assert len(list(folder.parent.glob("stune-*"))) == 1


def test_diff_says_what_differs_and_where_results_part(results, table, capsys, monkeypatch):
    root, folder = results
    (other,) = ran(root, offset=8, table=table, **SETTINGS, reduction_factor=4)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["diff", folder.name, str(other)]) == 0
    lines = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in capsys.readouterr().out.splitlines() if "│" in line
    ]
    found = {name: (one, two) for _, name, one, two in lines}
    assert found["reduction_factor"] == ("3", "4")
    assert found["random_seed"] == ("7", "8")
    assert any(name.startswith("report ") for name in found)
    assert "table" not in found and "platform" not in found


def test_what_is_no_experiment_of_ours(root, tmp_path, capsys):
    assert main(["diff", "a", "b"]) == 2
    assert "'a' is neither a folder nor an experiment" in capsys.readouterr().err
    folder = tmp_path / "theirs"
    folder.mkdir()
    facts = {"metric_names": ["loss"], "metric_mode": "min", "st_tuner_creation_timestamp": 1.0}
    (folder / "metadata.json").write_text(json.dumps(facts))
    assert main(["reproduce", str(folder)]) == 2
    assert "do not tell how it was made" in capsys.readouterr().err
    shutil.rmtree(folder)
