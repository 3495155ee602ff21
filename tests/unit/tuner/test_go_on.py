"""An experiment that was cut short at any moment goes on, and ends with the results of one that was not."""

from __future__ import annotations

import json
import shutil
import time

import pandas as pd
import pytest

from harness.core.problem import Problem
from harness.core.space import Space
from harness.errors import EnvironmentFault, HarnessError
from harness.jobdir import JobDir
from harness.ledger.journal import read_lines
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.results.recorder import Recorder
from harness.tuner import recovery
from harness.tuner.replay import mend, replay
from harness.tuner.run_job import run_job

pytestmark = pytest.mark.usefixtures("fake_benchmarks")
SETTINGS = {
    "script": "checkpointed.py",
    "scheduler": "hyperband_promotion",
    "num_trials": 1,
    "max_resource_level": 9,
    "num_workers": 1,
    "no_tuner_logging": True,
}


def prepare(path, **values):
    path.mkdir(parents=True, exist_ok=True)
    (job,) = build(Raw({**SETTINGS, **values}), 5).jobs()
    write_job(JobDir(path), job)
    return JobDir(path)


def rows(folder):
    frame = pd.read_csv(folder.results)
    return frame.drop(columns=[name for name in frame if name.startswith(("st_worker", "st_tuner"))])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An experiment that nobody disturbed."""
    from tests.fakes.benchmark import TABLE

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.benchmark_factory.BENCHMARKS", TABLE)
        folder = prepare(tmp_path_factory.mktemp("whole"))
        assert run_job(folder.path, {}) == 0
    return folder


def events(folder, kind):
    """Numbers of the lines with such events."""
    return [index for index, entry in enumerate(read_lines(folder.events)) if entry["event"] == kind]


def cut_before(whole, moment):
    """Lines of the events that are left, and how many bytes of the next one."""
    decisions = [entry.get("decision") for entry in read_lines(whole.events)]
    return {
        "the first event": (0, 0),
        "the first report": (events(whole, "reported")[0], 0),
        "a decision takes effect": (decisions.index("PAUSE") + 1, 0),
        "a resumed trial reports": (events(whole, "resumed")[0] + 1, 0),
        "a line is whole": (events(whole, "reported")[4], 25),
        "the end": (len(decisions), 0),
    }[moment]


@pytest.mark.parametrize(
    "moment",
    [
        "the first event",
        "the first report",
        "a decision takes effect",
        "a resumed trial reports",
        "a line is whole",
        "the end",
    ],
)
def test_it_goes_on_from_any_event(whole, tmp_path, moment):
    shutil.copytree(whole.path, tmp_path / "cut")
    folder = JobDir(tmp_path / "cut")
    lines = whole.events.read_bytes().splitlines(keepends=True)
    left, torn = cut_before(whole, moment)
    folder.events.write_bytes(b"".join([*lines[:left], lines[left][:torn] if torn else b""]))
    folder.results.unlink()
    folder.status.unlink()
    assert run_job(folder.path, {}) == 0
    pd.testing.assert_frame_equal(rows(folder), rows(whole))
    told = [(entry["event"], entry["trial_id"], entry["leg"]) for entry in read_lines(folder.events)]
    assert told == [(entry["event"], entry["trial_id"], entry["leg"]) for entry in read_lines(whole.events)]
    assert json.loads(folder.status.read_text())["state"] == "completed"


def test_a_checkpoint_ahead_of_the_reports_is_not_trusted(whole, tmp_path):
    folder = prepare(tmp_path, scheduler="fifo", max_resource_level=3)
    assert run_job(folder.path, {}) == 0
    lines = folder.events.read_bytes().splitlines(keepends=True)
    folder.events.write_bytes(b"".join(lines[:2]))  # epoch 1; the checkpoint is of epoch 3
    folder.trial(0).checkpoints.mkdir()
    (folder.trial(0).checkpoints / "epoch.txt").write_text("2")
    assert run_job(folder.path, {}) == 0
    assert rows(folder).epoch.tolist() == [1, 2, 3]
    assert "it starts anew" in folder.log.read_text()


@pytest.mark.parametrize("scheduler, keep, kept", [("fifo", False, 0), ("fifo", True, 2)])
def test_checkpoints_are_kept_where_that_is_asked_for_only(tmp_path, scheduler, keep, kept):
    folder = prepare(tmp_path, scheduler=scheduler, num_trials=2, max_resource_level=1, keep_checkpoints=keep)
    assert run_job(folder.path, {}) == 0
    assert len(list(folder.path.glob("*/checkpoints"))) == kept
    assert ("checkpoints of 2 trials are kept" in folder.log.read_text()) == keep


def test_no_checkpoint_outlives_a_promotion_experiment(whole):
    assert "Paused" in whole.events.read_text()
    assert list(whole.path.glob("*/checkpoints")) == []


def test_time_that_was_spent_counts(tmp_path):
    folder = prepare(tmp_path, num_trials=100, scheduler_timeout=50, delay=1)
    folder.events.touch()
    folder.status.write_text('{"state": "waiting", "elapsed": 49.0}')
    start = time.monotonic()
    assert run_job(folder.path, {}) == 0
    assert time.monotonic() - start < 10
    assert "scheduler_timeout of 50 s" in json.loads(folder.status.read_text())["reason"]


@pytest.mark.parametrize("fault, kills", [("killed once", 1), ("killed always", recovery.RETRIES)])
def test_a_trial_that_was_killed_from_outside_is_run_again(tmp_path, fault, kills):
    folder = prepare(tmp_path, scheduler="fifo", max_resource_level=3, fault=fault)
    code = run_job(folder.path, {})
    frame = pd.read_csv(folder.results)
    failures = frame[frame.st_failure.notna()] if "st_failure" in frame else frame[:0]
    retried = failures[failures.st_status == "InProgress"]
    assert set(retried.st_failure) == {"signal 9 (infrastructure)"} and len(retried) == kills
    assert frame.epoch.dropna().tolist() == ([1, 2, 3] if fault == "killed once" else [1])
    assert code == (0 if fault == "killed once" else 1)


def test_a_job_runs_once_at_a_time(whole):
    before = whole.status.read_bytes()
    with whole.exclusive() as alone:
        assert alone
        with pytest.raises(EnvironmentFault, match="another process runs"):
            run_job(whole.path, {})
    assert whole.status.read_bytes() == before


@pytest.mark.parametrize("text", [b"", b"{}\n", b"{", b"{}\n{}\n" + b"x" * 200_000])
def test_a_torn_end_is_cut_off(tmp_path, text):
    path = tmp_path / "events.jsonl"
    path.write_bytes(text)
    mend(path)
    assert path.read_bytes() == text[: text.rfind(b"\n") + 1]


def test_events_of_another_version_are_refused_with_their_number(tmp_path):
    from harness.core.history import History

    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "ended", "trial_id": 3, "at": 1.0, "status": "Completed"}\n')
    recorder = Recorder(JobDir(tmp_path), {}, interval=30)
    try:
        with pytest.raises(HarnessError, match="event 1"):
            replay(path, History(Problem(Space({}), "loss")), recorder)
    finally:
        recorder.close()
