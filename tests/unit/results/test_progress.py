"""How a sweep stands: what is shown of ten thousand jobs, and what is left to wait for."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.__main__ import main
from harness.jobdir import SweepDir, write_json
from harness.ledger.journal import Journal
from harness.manifest.load import load_manifest
from harness.plan.build import build
from harness.results.progress import JobProgress, duration, progress_table, totals

BEST = {"metric": "loss", "mode": "min", "value": 0.25}


def job(label, state, elapsed=None, **status):
    known = {} if elapsed is None else {"elapsed": elapsed, "num_trials": 5, "trials": {"Completed": 2}, **status}
    return JobProgress(label, {"scheduler_timeout": 100.0, "num_trials": 8}, state, known)


def printed(table):
    console = Console(file=io.StringIO(), width=140)
    console.print(table)
    return console.file.getvalue()


def test_what_runs_and_what_went_wrong_comes_first():
    jobs = [job(f"done {i}", "completed", 60.0, best=BEST) for i in range(9)]
    jobs += [
        job("next", "not run"),
        job("busy", "running", 40.0, best=BEST),
        job("bad", "failed", 3.0, reason="no disk"),
    ]
    lines = [line for line in printed(progress_table(jobs, 4)).splitlines() if "│" in line]
    assert [line.split("│")[1].strip() for line in lines] == ["busy", "bad", "done 8", "done 7", "... and 8 more"]
    assert "loss 0.25" in lines[0] and "60 s" in lines[0]
    assert "failed: no disk" in lines[1]


def test_what_is_left():
    jobs = [job("a", "completed", 60.0), job("b", "running", 40.0), job("c", "not run")]
    assert jobs[1].remaining == 60.0  # the timeout is nearer than eight trials at this pace
    assert totals(jobs) == "1 running, 1 completed, 1 not run; about 2 min left"
    assert totals([job("a", "failed", 1.0, trials={"Failed": 2})]) == "1 failed, 2 trials failed"
    assert [duration(seconds) for seconds in (41, 700, 12000)] == ["41 s", "12 min", "3 h 20 min"]


@pytest.mark.usefixtures("fake_benchmarks")
def test_status_of_a_sweep_watched_to_its_end(root, tmp_path, capsys):
    manifest = tmp_path / "m.yaml"
    manifest.write_text("experiment_name: watched\nnum_runs: 2\nnum_trials: 2\nsearcher: random\n")
    jobs = list(build(load_manifest(manifest, {}), 3).jobs())
    sweep = SweepDir(root, "watched")
    journal = Journal(sweep.journal)
    journal.path.parent.mkdir(parents=True)
    journal.append("created", offset=3)
    for index, one in enumerate(jobs):
        journal.append("submitting", job_id=one.job_id, tuner_name=one.tuner_name)
        folder = sweep.job(one.tuner_name)
        folder.path.mkdir()
        state = "completed" if index else "failed"
        write_json(folder.status, {"state": state, "reason": "why", "num_trials": 2, "elapsed": 3.0, "best": {**BEST}})
    assert main(["status", str(manifest), "--watch", "--interval", "0.1"]) == 0
    told = capsys.readouterr().out
    assert "1 failed, 1 completed" in told
    assert "median best loss by method" in told
