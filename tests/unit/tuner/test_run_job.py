"""A job folder to an outcome, with real processes: what is left behind, and how faults of trials end it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile

import pandas as pd
import psutil
import pytest

from harness.core.decisions import CONTINUE
from harness.core.trial import Result, Trial
from harness.jobdir import JobDir
from harness.ledger.journal import read_lines
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.tuner.run_job import run_job

pytestmark = pytest.mark.usefixtures("fake_benchmarks")


def run(path, offset=5, **values):
    values = {"num_trials": 4, "max_resource_level": 3, "no_tuner_logging": True, **values}
    (job,) = build(Raw(values), offset).jobs()
    folder = JobDir(path)
    write_job(folder, job)
    return run_job(path, {}), folder, json.loads(folder.status.read_text())


def results(folder):
    return pd.read_csv(folder.results)


def test_a_fifo_experiment_from_start_to_end(tmp_path):
    code, folder, status = run(tmp_path)
    assert code == 0
    assert status["state"] == "completed"
    assert (status["num_trials"], status["trials"]["Completed"]) == (4, 4)
    frame = results(folder)
    assert len(frame) == 4 * 3
    assert frame.groupby("trial_id").epoch.apply(list).tolist() == [[1, 2, 3]] * 4
    assert status["best"]["value"] == pytest.approx(frame.loss.min())
    expected = (frame.config_x - 0.3) ** 2 + 1 / frame.epoch
    assert frame.loss.to_numpy() == pytest.approx(expected.to_numpy())
    assert set(frame.st_decision) == {"CONTINUE"}
    assert frame.st_tuner_time.is_monotonic_increasing
    assert (frame.config_word == "two words").all()
    assert {"st_worker_time", "st_worker_timestamp", "st_worker_iter", "st_status", "config_epochs"} <= set(frame)


def test_metadata_are_flat_and_hold_settings_and_the_loaders_keys(tmp_path):
    _, folder, _ = run(tmp_path)
    facts = json.loads(folder.metadata.read_text())
    assert all(
        isinstance(value, (str, int, float, bool)) or (isinstance(value, list) and value) for value in facts.values()
    )
    assert facts["metric_names"] == ["loss"]
    assert (facts["metric_mode"], facts["entrypoint"], facts["backend"]) == ("min", "curve", "LocalBackend")
    assert (facts["algorithm"], facts["benchmark"], facts["seed"]) == ("RS", "mlp_fashionmnist", 5)
    assert facts["num_trials"] == 4
    assert "scheduler_timeout" not in facts
    assert json.loads(facts["config_space"])["x"] == {"type": "uniform", "lower": 0.0, "upper": 1.0}


def test_asha_stops_trials_at_rungs_and_says_why(tmp_path):
    code, folder, status = run(tmp_path, scheduler="hyperband_stopping", num_trials=12, max_resource_level=9)
    assert code == 0
    frame = results(folder)
    stopped = frame[frame.st_decision == "STOP"]
    assert set(stopped.epoch) <= {1, 3, 9}
    assert status["trials"]["Stopped"] > 0
    reasons = [entry["reason"] for entry in read_lines(folder.events) if entry.get("status") == "Stopped"]
    assert any("epoch 1" in reason or "epoch 3" in reason for reason in reasons)


def test_random_and_bayesopt_of_one_seed_begin_with_the_same_configurations(tmp_path):
    frames = []
    for searcher in ("random", "bayesopt"):
        (tmp_path / searcher).mkdir()
        _, folder, _ = run(tmp_path / searcher, searcher=searcher, num_trials=6, max_resource_level=1)
        frames.append(results(folder).groupby("trial_id").config_x.first().sort_index())
    assert frames[0].loc[:3].tolist() == frames[1].loc[:3].tolist()
    assert frames[0].loc[0] == 0.5


def test_the_time_limit_ends_running_trials(tmp_path):
    code, _, status = run(tmp_path, num_trials=100, scheduler_timeout=1.5, delay=0.4, max_resource_level=9)
    assert code == 0
    assert status["reason"].startswith("scheduler_timeout")
    assert status["elapsed"] < 3
    assert status["trials"]["InProgress"] == 0
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]


def failures(folder):
    frame = results(folder)
    return frame[frame.st_status == "Failed"]


@pytest.mark.parametrize(
    ("fault", "exit_code", "reason", "tail"),
    [
        ("exception", 1, "exit code 1 (user code)", "the learning rate is a teapot"),
        ("exit", 7, "exit code 7 (user code)", ""),
        ("missing", None, "report without a number for the metric 'loss' (it held: epoch=2, accuracy=0.5)", ""),
    ],
)
def test_a_failed_trial_ends_the_experiment_and_is_a_row(tmp_path, fault, exit_code, reason, tail):
    code, folder, status = run(tmp_path, script="faulty.py", fault=fault, num_workers=1)
    assert code == 1
    assert status["state"] == "failed"
    assert status["reason"] == "1 trial failed (max_failures = 1)"
    (row,) = failures(folder).to_dict("records")
    assert row["st_failure"] == reason
    assert exit_code is None or row["st_exit_code"] == exit_code
    assert tail in str(row["st_log_tail"])
    assert results(folder).loss.notna().sum() == 1, "what was reported before the fault is kept"
    assert reason in folder.log.read_text()


def test_failures_below_the_limit_do_not_end_it(tmp_path):
    code, folder, status = run(tmp_path, script="faulty.py", fault="exit", num_workers=2, max_failures=3)
    assert code == 1
    assert len(failures(folder)) == status["trials"]["Failed"] == 3


@pytest.mark.parametrize("scheduler", ["fifo", "hyperband_stopping"])
def test_a_nan_is_a_report_like_any_other(tmp_path, scheduler):
    code, folder, status = run(tmp_path, script="faulty.py", fault="nan", num_trials=3, scheduler=scheduler)
    frame = results(folder)
    assert code == 0
    assert status["best"]["value"] == pytest.approx(frame.loss.min())
    assert frame.loss.isna().any()


def test_output_that_is_not_text_and_a_flood_do_no_harm(tmp_path):
    for fault in ("binary", "flood"):
        (tmp_path / fault).mkdir()
        code, folder, status = run(tmp_path / fault, script="faulty.py", fault=fault, num_trials=1, num_workers=1)
        assert (code, status["state"]) == (0, "completed")
        assert len(results(folder)) == 2
        size = sum(file.stat().st_size for file in folder.trial(0).path.glob("std.out*"))
        assert size < 50e6


def test_a_script_without_a_report_fails_with_the_metrics_name(tmp_path):
    code, folder, _ = run(tmp_path, script="silent.py")
    assert code == 1
    assert "ended without a report of the metric 'loss'" in set(failures(folder).st_failure)


def test_sigterm_ends_it_in_order(tmp_path):
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM)).start()
    code, folder, status = run(tmp_path, num_trials=100, delay=0.3, max_resource_level=9)
    assert code == 130
    assert (status["state"], status["reason"]) == ("stopped", "interrupted by SIGTERM")
    assert len(results(folder)) > 0


def test_a_folder_without_a_job_is_a_failure_with_a_reason(tmp_path):
    assert run_job(tmp_path, {}) == 1
    assert "no job folder" in json.loads(JobDir(tmp_path).status.read_text())["reason"]


def test_equal_results_give_equal_bytes(tmp_path):
    from harness.results.recorder import Recorder

    archives = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        recorder = Recorder(JobDir(tmp_path / name), {"c": 1}, interval=30)
        recorder.reported(Trial(0, {"x": 2}), Result(0, 0, None, 1.0, {"loss": 1.0}, 0.5), CONTINUE)
        recorder.close()
        archives.append((tmp_path / name / "results.csv.zip").read_bytes())
    assert archives[0] == archives[1]
    with zipfile.ZipFile(io.BytesIO(archives[0])) as archive:
        assert archive.namelist() == ["results.csv"]


def test_kill_9_of_the_tuner_leaves_no_trial_and_valid_events(tmp_path):
    (job,) = build(Raw({"num_trials": 100, "delay": 0.2, "max_resource_level": 9}), 5).jobs()
    folder = JobDir(tmp_path)
    write_job(folder, job)
    program = (
        "import sys, pathlib, benchmarks.benchmark_factory as f, tests.fakes.benchmark as b; f.BENCHMARKS = b.TABLE\n"
        "from harness.tuner.run_job import run_job; run_job(pathlib.Path(sys.argv[1]), {})"
    )
    tuner = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    deadline = time.monotonic() + 30
    while len(list(read_lines(folder.events))) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    tuner.kill()
    tuner.wait()
    time.sleep(1.0)
    assert len(list(read_lines(folder.events))) >= 4
    left = [p.pid for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]
    assert left == []


@pytest.mark.parametrize("scheduler", ["fifo", "hyperband_stopping"])
def test_a_metric_that_is_never_finite_does_not_go_on_for_ever(tmp_path, scheduler):
    code, _, status = run(tmp_path, script="hopeless.py", scheduler=scheduler, num_trials=1000)
    assert code == 1
    assert status["reason"] == "20 trials ended and none reported a finite loss"
    assert status["num_trials"] <= 22
