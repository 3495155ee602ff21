"""Folders to experiments and tables: what is read, what is named as broken, which experiments a filter keeps."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from harness.__main__ import main
from harness.errors import UsageError
from harness.results.labels import labelled
from harness.results.load import find
from harness.results.where import Where
from tests.fakes.experiments import study_of, written, written_rows


@pytest.fixture
def mixed(root):
    """Two good experiments among broken ones."""
    written(root, "good-1", [0.5, 0.3])
    written(root / "deeper", "good-2", [0.4], run_id=1)
    truncated = written(root, "truncated-1", [0.1]) / "results.csv.zip"
    truncated.write_bytes(truncated.read_bytes()[:60])
    (written(root, "bare-1", [0.1]) / "metadata.json").unlink()
    (written(root, "torn-1", [0.1]) / "metadata.json").write_text('{"metric_names": [')
    (written(root, "other-1", [0.1]) / "metadata.json").write_text('{"lightning": 1}')
    (written(root, "lost-1", [0.1]) / "results.csv.zip").unlink()
    (written(root, "blurred-1", [0.1]) / "status.json").write_text('{"state": ')
    (root / "notes").mkdir()
    return root


BROKEN = {
    "truncated-1": "results.csv.zip is broken",
    "bare-1": "no metadata.json (completed)",
    "torn-1": "metadata.json cannot be read",
    "other-1": "metadata.json is another tool's",
    "lost-1": "it has no results.csv.zip",
    "notes": "no experiment",
}


@pytest.mark.parametrize("command", [["results"], ["results", "--per", "experiment"], ["report"]])
def test_broken_inputs_are_named_and_skipped(mixed, tmp_path, capsys, command):
    output = tmp_path / f"out.{'html' if command == ['report'] else 'csv'}"
    words = [*command, str(mixed), "--output", str(output)]
    assert main(words) == 0
    told = capsys.readouterr().err
    for name, reason in BROKEN.items():
        assert f"warning: skipped {name}: {reason}" in told
    text = output.read_text()
    assert "good-1" in text and "good-2" in text
    # Results and metadata are there; whether its last value may be compared is not known.
    assert ("warning: skipped blurred-1: status.json cannot be read" in told) == (command == ["report"])
    assert main([*words, "--strict"]) == 1


def test_strict_minds_a_status_that_cannot_be_read(root, tmp_path, capsys):
    written(root, "good-1", [0.4])
    words = ["report", str(root), "--output", str(tmp_path / "out.html"), "--strict"]
    assert main(words) == 0
    (written(root, "blurred-1", [0.1]) / "status.json").write_text('{"state": null}')
    assert main(words) == 1
    assert "skipped blurred-1: status.json cannot be read" in capsys.readouterr().err


def test_an_experiment_of_another_metric_is_left_out_of_the_report(root, tmp_path, capsys):
    study_of(root, {"RS": [1.0, 2.0]})
    written(root, "odd-1", [0.5], method="ASHA", benchmark="made", metric_names=["accuracy"])
    assert main(["report", str(root), "--output", str(tmp_path / "r.html")]) == 0
    assert "skipped odd-1: results have no column accuracy, its metric" in capsys.readouterr().err
    written(root, "odd-2", [0.5], method="ASHA", benchmark="made", mode="max")
    main(["report", str(root), "--output", str(tmp_path / "r.html")])
    assert (
        "skipped odd-2: its metric is loss (max), that of most experiments on made loss (min)"
        in capsys.readouterr().err
    )


def test_the_tidy_frames(root, capsys):
    written(root, "a-1", [0.5, float("nan"), 0.3])
    rows = [
        "trial_id,loss,config_x,st_decision,st_status,st_tuner_time,st_log_tail",
        '0,0.2,word,STOP,Failed,2.5,"a\nb"',
    ]
    facts = json.loads((root / "a-1" / "metadata.json").read_text())
    written_rows(root / "b-1", {**facts, "random_seed": 8, "run_id": 2}, rows)
    assert main(["results", str(root)]) == 0
    frame = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert frame.columns[:5].tolist() == ["tuner_name", "benchmark", "method", "run_id", "random_seed"]
    assert frame.loss.tolist()[0::2] == [0.5, 0.3]
    assert frame.config_x.tolist() == ["0", "0.1", "0.2", "word"]  # text in one experiment, so text in all
    assert frame.st_log_tail.tolist()[-1] == "a\nb"
    assert main(["results", str(root), "--per", "experiment"]) == 0
    frame = pd.read_csv(io.StringIO(capsys.readouterr().out)).set_index("tuner_name")
    assert frame.loc["a-1", ["trials", "reports", "best", "best_trial_id", "best_time"]].tolist() == [3, 3, 0.3, 2, 3]
    assert frame.failures.tolist() == [0, 1]
    assert {"num_workers", "searcher", "state"} <= set(frame)


def test_the_best_is_feasible_in_frame_and_differences(root, capsys):
    facts = {"metric_names": ["loss"], "metric_mode": "min", "constraint_attr": "excess"}
    facts["st_tuner_creation_timestamp"] = 1.0
    header = "trial_id,loss,excess,config_x,st_status,st_decision,st_tuner_time"
    for name, feasible in (("a-1", 0.6), ("b-1", 0.7)):
        written_rows(root / name, facts, [header, "0,0.1,2,5,Completed,STOP,1", f"1,{feasible},0,7,Completed,STOP,2"])
    assert main(["results", str(root), "--per", "experiment"]) == 0
    frame = pd.read_csv(io.StringIO(capsys.readouterr().out)).set_index("tuner_name")
    assert frame.loc["a-1", ["best", "best_trial_id", "best_config_x"]].tolist() == [0.6, 1, 7]
    main(["diff", str(root / "a-1"), str(root / "b-1")])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "best loss" in line]
    assert "0.6" in line and "0.7" in line


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('searcher == "bayesopt"', ["b"]),
        ("num_workers > 2 and not run_id == 1", ["a"]),
        ("1 <= run_id < 3 or absent == 3", ["b"]),
        ("searcher in ('random', 'kde')", ["a"]),
        ("searcher > 3", []),
        ("run_id != -1", ["a", "b"]),
    ],
)
def test_filters(text, kept):
    facts = {
        "a": {"searcher": "random", "num_workers": 4, "run_id": 0},
        "b": {"searcher": "bayesopt", "num_workers": 4, "run_id": 1},
    }
    assert [name for name, own in facts.items() if Where(text)(own)] == kept


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('x')", "searcher.upper() == 'A'", "@x == 1", "a == b()", "a ==", "a + 1 == 2", "a",
     "x is 1", "[a for a in b] == 1", "(lambda: 1) == 1", "a[0] == 1", "'{a}'.format == 1", "(" * 500],
)  # fmt: skip
def test_filters_run_no_code(text):
    with pytest.raises(UsageError, match="allowed are comparisons"):
        Where(text)


def test_a_filter_with_an_unknown_name_says_which_is_near(root, capsys):
    written(root, "a-1", [0.5])
    assert main(["results", str(root), "--where", "sercher == 'x'"]) == 2
    assert "no experiment has 'sercher' (did you mean 'searcher'?)" in capsys.readouterr().err


def test_labels_name_only_what_differs(root):
    written(root, "a-1", [1], reduction_factor=3.0, num_workers=4)
    written(root, "a-2", [1], reduction_factor=4.0, num_workers=4)
    written(root, "a-3", [1], method="ASHA", num_workers=2)
    written(root, "a-4", [1], benchmark="table", entrypoint="curves", num_workers=4, reduction_factor=3.0)
    experiments, _ = find([root])
    names = [(one.benchmark, one.method) for one in labelled(experiments)]
    assert names == [
        ("made", "RS reduction_factor=3"),
        ("made", "RS reduction_factor=4"),
        ("made", "ASHA"),
        ("curves", "RS reduction_factor=3"),
    ]


def test_trial_folders_are_not_looked_into(root, monkeypatch):
    folder = written(root, "a-1", [1])
    for trial in range(3):
        (folder / str(trial)).mkdir()
    monkeypatch.setattr("harness.results.load.os.scandir", counted := _Counted())
    find([root])
    assert counted.folders == [root, folder]


class _Counted:
    def __init__(self):
        import os

        self.folders, self._scandir = [], os.scandir

    def __call__(self, folder):
        self.folders.append(folder)
        return self._scandir(folder)
