"""From folders to the page's answer."""

from __future__ import annotations

import re

import numpy as np
import pytest

from harness.__main__ import main
from harness.core.seeds import rng
from harness.jobdir import SweepDir
from harness.ledger.journal import Journal
from harness.manifest.load import load_manifest
from harness.plan.build import build
from harness.report.page import Options, page
from harness.report.pairs import pairings
from harness.report.ranks import friedman, normalised_regret, ranks_over_time
from harness.report.study import study
from harness.report.trace import trace
from harness.report.words import verdict
from harness.results.load import find
from harness.results.rows import read_rows
from tests.fakes.experiments import study_of, written, written_rows


def answer(root, against=None):
    found = study(*find([root]))
    return verdict(found, pairings(found, against))


def noise(runs, role="noise", scale=0.1):
    return rng(1, role).normal(0, scale, runs)


def test_what_is_established_is_the_headline(root):
    for index, benchmark in enumerate(("alpha", "beta", "gamma")):
        base = noise(12, benchmark)
        gain = 0.0 if index == 2 else 0.5
        study_of(root, {"RS": base, "ASHA": base - gain + noise(12, f"own {index}", 0.2)}, benchmark)
    found = answer(root)
    assert found.headline == "ASHA beats RS on 2 of 3 benchmarks."
    assert any(re.match(r"1 comparison (undecided|will not be)", sentence) for sentence in found.details)


def test_the_best_of_many_is_set_against_all_others_at_once(root):
    for benchmark in ("alpha", "beta"):
        base = noise(14, benchmark)
        near = {name: base + noise(14, f"{name} {benchmark}", 0.01) for name in ("PASHA", "ASHA")}
        study_of(root, {"RS": base + 1, **near, "BEST": base - 0.002}, benchmark)
    found = answer(root).headline
    assert re.fullmatch(
        r"(\w+) beats RS on 2 of 2 benchmarks; is not shown to differ from \w+, \w+ on any benchmark\.", found
    )


def test_nobody_leads_where_runs_are_missing(root):
    study_of(root, {"RS": [0.5, 0.1], "ASHA": [0.4]})
    assert answer(root).headline == "No difference between the two methods is established with 1 paired run."
    written(root, "late-1", [0.05], method="ASHA", run_id=1)
    assert answer(root).headline.endswith("with 2 paired runs; ASHA has the best median.")


def test_nobody_leads_where_medians_are_equal(root):
    study_of(root, {"RS": [1.0, 1.0], "ASHA": [1.0, 1.0]})
    assert answer(root).headline.endswith("is established with 2 paired runs.")


def test_what_cannot_be_concluded_is_said(root):
    study_of(root, {"RS": np.arange(5.0) + 1, "ASHA": np.arange(5.0)})
    found = answer(root)
    assert (
        found.headline
        == "No difference between the two methods is established with 5 paired runs; ASHA has the best median."
    )
    assert found.details[0] == "5 pairs: no test at 5 % can succeed; 6 run ids are the least."


def test_a_single_method_and_an_unfinished_study(root):
    written(root, "RS-0", [1])
    assert answer(root).headline == "RS is the only method here: there is nothing to compare it with."
    folder = written(root, "late-1", [1], method="ASHA")
    (folder / "status.json").write_text('{"state": "running"}')
    found = study(*find([root]))
    assert [(one.name, one.state) for one in found.unfinished] == [("late-1", "running")]
    assert "Experiments left out of the comparison: 1 running; their run ids have no pair." in answer(root).details


def test_planned_experiments_without_results_are_counted(root):
    study_of(root, {"RS": [1.0, 2.0], "ASHA": [0.5, 1.5]})
    written(root, "late-1", [1], method="ASHA", run_id=2)
    (root / "late-1" / "status.json").write_text('{"state": "running"}')
    (root / "refused-1").mkdir()
    (root / "refused-1" / "job.json").write_text("{}")
    experiments, broken = find([root])
    said = verdict(found := study(experiments, broken, planned=8), pairings(found)).details
    assert any(sentence.startswith("Of 8 planned experiments 3 are missing:") for sentence in said)
    said = verdict(found := study(experiments, broken, planned=5), pairings(found)).details
    assert not any("planned" in sentence for sentence in said)


def test_a_report_that_only_saw_nan_counts(root):
    found = study(*find([written(root, "a-1", [float("nan"), 0.5, float("nan")])]))
    assert found.runs[0].trace.reports == 3


def test_runs_without_a_common_seed_are_not_compared(root):
    written(root, "a-0", [1], method="RS", run_id=0)
    written(root, "b-1", [1], method="ASHA", run_id=1)
    assert answer(root).headline.startswith("Nothing can be compared")


def test_the_last_of_two_experiments_of_one_seed_counts(root):
    written(root, "a-0", [1.0])
    written(root, "a-1", [0.5], st_tuner_creation_timestamp=1_800_000_000.0)
    found = study(*find([root]))
    assert found.superseded == 1
    assert found.boards[0].finals("RS").tolist() == [0.5]


def test_a_trace_knows_incumbent_resource_levels_and_failures(root):
    facts = {
        "metric_names": ["acc"],
        "metric_mode": "max",
        "resource_attr": "epoch",
        "elapsed_time_attr": "took",
        "st_tuner_creation_timestamp": 1.0,
    }
    rows = [
        "trial_id,acc,epoch,took,st_tuner_time,st_decision,st_status,st_worker_cost,st_failure,st_log_tail",
        "0,0.5,1,2,2,CONTINUE,InProgress,0.1,,",
        "1,0.7,1,3,3,PAUSE,Paused,0.2,,",
        "0,0.6,3,6,6,STOP,Stopped,0.3,,",
        "1,0.9,2,5,9,CONTINUE,Completed,0.5,,",
        "2,,,,10,STOP,Failed,,exit code 7,last words",
    ]
    written_rows(root / "t-1", facts, rows)
    ((one,), _) = find([root])
    found = trace(read_rows(one.folder), one)
    assert found.loss.tolist() == [-0.5, -0.7, -0.9]
    assert [found.spent[axis].tolist() for axis in ("time", "trials", "resource")] == [[2, 3, 9], [1, 2, 2], [1, 2, 5]]
    assert found.total == {"time": 10, "trials": 3, "resource": 5}
    assert (dict(found.reached), set(found.decided)) == ({3: 1, 2: 1}, {1, 3})
    assert (found.failed, found.failures[0].reason, found.cost) == (1, "exit code 7", pytest.approx(0.8))
    assert found.at("time", np.array([0.0, 2.0, 8.9, 9.0])).tolist() == [np.inf, -0.5, -0.7, -0.9]
    assert (found.reach(-0.65), found.reach(-0.95)) == (3, np.inf)


def limited(folder, rows, **facts):
    """Reports (loss, excess), a second apart, under the constraint excess <= 0."""
    facts = {"metric_names": ["loss"], "metric_mode": "min", "constraint_attr": "excess", **facts}
    lines = [f"{i},{loss},{excess},Completed,STOP,{i + 1}" for i, (loss, excess) in enumerate(rows)]
    header = "trial_id,loss,excess,st_status,st_decision,st_tuner_time"
    return written_rows(folder, {"st_tuner_creation_timestamp": 1.0, **facts}, [header, *lines])


def test_what_is_not_feasible_is_never_the_incumbent(root):
    limited(root / "t-1", [(0.1, 0.5), (0.9, 0.0), (0.2, ""), (0.7, -1)])
    ((one,), _) = find([root])
    found = trace(read_rows(one.folder), one)
    assert (found.loss.tolist(), found.spent["time"].tolist()) == ([0.9, 0.7], [2, 4])
    assert (found.reports, found.total["time"], found.best["trial_id"]) == (4, 4, 3)


def test_where_nothing_is_feasible_that_is_said(root):
    for method in ("RS", "ASHA"):
        for seed in range(2):
            limited(root / f"{method}-{seed}", [(0.5, 1)], random_seed=seed, algorithm=method, scheduler=method)
    assert answer(root).headline == "Nothing can be compared: no run has a value that keeps to its constraint."


def test_experiments_under_different_constraints_are_not_compared(root):
    for seed in range(3):
        limited(root / f"a-{seed}", [(0.5, 0)], random_seed=seed)
    limited(root / "b-1", [(0.1, 1)], random_seed=1, constraint_attr=None)
    found = study(*find([root]))
    assert found.boards[0].goal == "loss (min, excess at most 0)"
    (left_out,) = found.broken
    assert (left_out.name, "its metric is loss (min), that of most" in left_out.reason) == ("b-1", True)


def test_ranks_regret_and_friedman_over_benchmarks(root):
    for benchmark in ("a", "b", "c"):
        study_of(root, {"X": [0.0, 0.0], "Y": [1.0, 1.0], "Z": [2.0, 2.0]}, benchmark)
    found = study(*find([root]))
    assert list(found.methods) == ["X", "Y", "Z"]
    fractions = np.array([1 / 3, 1.0])
    assert ranks_over_time(found.boards[0], ["X", "Y", "Z"], fractions).tolist() == [[1, 1], [2, 2], [3, 3]]
    assert normalised_regret(found.boards[0], "X", fractions)[0].tolist() == pytest.approx([2 / 3, 0])
    result = friedman(found)
    assert (list(result.ranks), result.statistic) == ([1, 2, 3], pytest.approx(6.0))
    assert result.p_value == pytest.approx(np.exp(-3))


def test_the_page_escapes_what_experiments_are_called(root):
    evil = "</script><img src=x onerror=alert(1)>"
    study_of(root, {evil: [1.0, 2.0], "RS": [1.5, 2.5]})
    text = page(study(*find([root])), Options(title=evil))
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_report_options_and_faults(root, tmp_path, capsys):
    study_of(root, {"RS": np.arange(7.0) + 1, "ASHA": np.arange(7.0), "BO": np.arange(7.0) + 0.5})
    output = tmp_path / "r.html"
    assert main(["report", str(root), "--against", "RS", "--centre", "iqm", "--output", str(output)]) == 0
    text = output.read_text()
    assert "ASHA beats RS on made; BO beats RS on made." in text
    assert "interquartile mean of 7 runs" in text
    assert main(["report", str(root), "--against", "XY"]) == 2
    assert "--against XY: the methods here are" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "nowhere")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert main(["report", ""]) == 2
    assert "WHAT: must not be empty" in capsys.readouterr().err
    assert main(["report", "nothing"]) == 2
    assert "is no folder, and no sweep or experiment" in capsys.readouterr().err


def test_a_watched_report_is_written_until_nothing_runs(root, tmp_path, monkeypatch, capsys):
    written(root, "a-1", [1.0])
    status = written(root, "a-2", [0.5], run_id=1) / "status.json"
    status.write_text('{"state": "running"}')
    output = tmp_path / "r.html"
    pages = []

    def sleep(seconds):
        pages.append(output.read_text())
        status.write_text('{"state": "completed"}')

    monkeypatch.setattr("harness.cli.report.time.sleep", sleep)
    assert main(["report", str(root), "--watch", "--output", str(output)]) == 0
    assert len(pages) == 1 and '<meta http-equiv="refresh" content="30">' in pages[0]
    assert "1 finished experiment," in pages[0] and "2 finished experiments," in output.read_text()
    assert "refresh" not in output.read_text().split("<body>")[0]
    assert "1 finished, 1 under way" in capsys.readouterr().err


@pytest.mark.usefixtures("fake_benchmarks")
def test_a_watched_report_does_not_wait_for_what_it_leaves_out(root, tmp_path, monkeypatch, capsys):
    manifest = tmp_path / "m.yaml"
    manifest.write_text("experiment_name: watched\nnum_runs: 2\nnum_trials: 2\nsearcher: random\n")
    journal = Journal(SweepDir(root, "watched").journal)
    journal.path.parent.mkdir(parents=True)
    journal.append("created", offset=3)
    for run_id, job in enumerate(build(load_manifest(manifest, {}), 3).jobs()):
        journal.append("submitting", job_id=job.job_id, tuner_name=job.tuner_name)
        written(root, job.tuner_name, [1.0], run_id=run_id)
    monkeypatch.setattr("harness.cli.report.time.sleep", pytest.fail)
    assert main(["report", str(manifest), "--watch", "--where", "run_id == 0"]) == 0
    assert "1 finished experiment of 1 planned" in (root / "m-report.html").read_text()


def test_packages_that_are_missing_are_named(root, monkeypatch, capsys):
    written(root, "a-1", [1])
    monkeypatch.setattr("harness.cli.needs.importlib.util.find_spec", lambda name: None)
    assert main(["report", str(root)]) == 3
    told = capsys.readouterr().err
    assert "plotly, pyarrow, scipy, statsmodels" in told and "hpo-harness[report]" in told
