"""What a real short experiment says by default and with each switch."""

import json
import logging

import pytest

from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.tuner.run_job import run_job

pytestmark = pytest.mark.usefixtures("fake_benchmarks")


def log_of(path, **values):
    settings = {
        "scheduler": "hyperband_stopping",
        "num_trials": 6,
        "delay": 0.05,
        "max_resource_level": 9,
        "print_update_interval": 0.7,
    }
    (job,) = build(Raw({**settings, **values}), 5).jobs()
    folder = JobDir(path)
    write_job(folder, job)
    assert run_job(path, {}) == 0
    return folder.log.read_text(), json.loads(folder.status.read_text())


def test_by_default_status_and_decisions(tmp_path):
    log, _ = log_of(tmp_path)
    assert log.count("status after") >= 2
    assert "best loss" in log
    assert "stopped: epoch" in log
    assert "reported" not in log


def test_no_tuner_logging_suppresses_the_status(tmp_path):
    log, _ = log_of(tmp_path, no_tuner_logging=True)
    assert "status after" not in log
    assert "completed: 6 trials completed" in log


def test_no_debug_log_silences_the_scheduler(tmp_path):
    log, _ = log_of(tmp_path, no_debug_log=True)
    assert "status after" in log
    assert "stopped: epoch" not in log


def test_debug_log_level_adds_a_line_for_every_report(tmp_path):
    log, status = log_of(tmp_path, debug_log_level=True)
    assert log.count(" reported ") == status["num_results"]


def test_the_log_is_short_whatever_the_number_of_trials(tmp_path):
    log, status = log_of(tmp_path, delay=0, num_trials=40, print_update_interval=30)
    assert status["num_trials"] >= 40
    assert len(log.splitlines()) <= 40


def test_handlers_do_not_pile_up(tmp_path):
    before = list(logging.getLogger("harness.tuner").handlers)
    log_of(tmp_path)
    assert logging.getLogger("harness.tuner").handlers == before
