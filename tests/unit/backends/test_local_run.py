"""A leg from its start to its natural end."""

import json
import os
import signal

import pytest
from local_trials import collect, first, trial

from harness.backends import local
from harness.core.events import Exited, Reported
from harness.errors import EnvironmentFault

ECHO = """
import json, os, sys
from harness.reporter import Reporter
keep = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "COLOUR")
Reporter()(argv=sys.argv[1:], cwd=os.getcwd(), stdin=sys.stdin.read(), env={k: os.environ.get(k) for k in keep},
           own_group=os.getpgrp() == os.getpid() == os.getsid(0))
"""


def test_reports_arrive_in_order_and_the_exit_comes_last(backend, tmp_path):
    run = backend("resumable.py", epochs=3)
    run.start(trial(lr=0.3), None)
    *reports, exited = collect(run)
    assert [event.metrics["epoch"] for event in reports] == [1, 2, 3]
    assert reports[2].metrics["acc"] == pytest.approx(0.9)
    assert all(isinstance(event, Reported) and (event.trial_id, event.leg) == (0, 0) for event in reports)
    assert isinstance(exited, Exited) and exited.exit_code == 0
    times = [event.at for event in (*reports, exited)]
    assert times == sorted(times) and times[0] > 0 and times[-1] <= run.clock.now()
    folder = tmp_path / "job" / "0"
    assert json.loads((folder / "config.json").read_text()) == {"epochs": 3, "lr": 0.3}
    assert (folder / "std.out").read_text().count("[tune-metric]: ") == 3
    assert (folder / "std.err").read_bytes() == b""
    assert float((folder / "end").read_text()) > 1e9 and not (folder / "stop").exists()
    assert (folder / "checkpoints" / "epoch.txt").read_text() == "3"


def test_the_script_gets_every_value_as_it_is(backend, tmp_path):
    run = backend(ECHO, extra_args={"data": "/some folder"}, constant="two words", flag=True, shift=None, tiny=None)
    run.start(trial(shift=-0.5, tiny=-1e-05), None)
    metrics = first(run).metrics
    folder = tmp_path / "job" / "0"
    expected = ["--constant", "two words", "--flag", "True", "--shift", "-0.5", "--tiny=-1e-05"]
    assert metrics["argv"] == [*expected, "--data", "/some folder", "--st_checkpoint_dir", f"{folder}/checkpoints"]
    assert metrics["cwd"] == str(folder)
    assert metrics["own_group"] is True


def test_the_script_cannot_read_what_is_typed_to_the_tuner(backend):
    reader, writer = os.pipe()
    os.write(writer, b"for the tuner")
    os.close(writer)
    before = os.dup(0)
    os.dup2(reader, 0)
    try:
        run = backend(ECHO)
        run.start(trial(), None)
        assert first(run).metrics["stdin"] == ""
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reader)


@pytest.mark.parametrize("user, expected", [(None, "2"), ("3", "3")])
def test_a_trial_has_its_share_of_the_cpus_unless_the_user_says_otherwise(backend, monkeypatch, user, expected):
    monkeypatch.setattr(local, "cpus", lambda: 2.5)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    if user:
        monkeypatch.setenv("OMP_NUM_THREADS", user)
    run = backend(ECHO, environment={"COLOUR": "red"})
    run.start(trial(), None)
    assert first(run).metrics["env"] == {
        "OMP_NUM_THREADS": expected,
        "MKL_NUM_THREADS": expected,
        "OPENBLAS_NUM_THREADS": expected,
        "COLOUR": "red",
    }


def test_a_resumed_leg_goes_on_from_its_checkpoint(backend, tmp_path):
    run = backend("resumable.py", epochs=9)
    it = trial(lr=0.3)
    run.start(it, 2)
    assert [event.metrics["epoch"] for event in collect(run)[:-1]] == [1, 2]
    it.leg = 1
    run.start(it, 3)
    assert not (tmp_path / "job" / "0" / "end").exists()
    report, exited = collect(run)
    assert (report.metrics["epoch"], report.leg, exited.leg) == (3, 1, 1)
    assert (tmp_path / "job" / "0" / "std.out").read_text().count("[tune-metric]") == 3
    assert json.loads((tmp_path / "job" / "0" / "config.json").read_text())["epochs"] == 3


@pytest.mark.parametrize(
    "how, code, tail",
    [
        ("raise", 1, "RuntimeError: the loss has diverged"),
        ("exit:7", 7, '"epoch": 1'),
        (f"signal:{int(signal.SIGTERM)}", -signal.SIGTERM, '"epoch": 1'),
    ],
)
def test_a_failure_says_how_and_with_which_last_words(backend, how, code, tail):
    run = backend("crash.py", how=how)
    run.start(trial(), None)
    report, exited = collect(run)
    assert report.metrics["epoch"] == 1
    assert exited.exit_code == code
    assert tail in exited.tail.splitlines()[-1]


def test_the_tail_has_twenty_lines(backend):
    run = backend("import sys\nfor i in range(100): print('line', i, file=sys.stderr)\n")
    run.start(trial(), None)
    (exited,) = collect(run)
    assert exited.tail.splitlines() == [f"line {i}" for i in range(80, 100)]


def test_a_missing_script_is_an_exit_that_names_it(backend):
    run = backend("absent.py")
    run.start(trial(), None)
    (exited,) = collect(run)
    assert exited.exit_code != 0 and "absent.py" in exited.tail


def test_what_cannot_be_executed_is_an_exit_that_says_why(backend, monkeypatch, tmp_path):
    run = backend("resumable.py", lr=0.1, epochs="1\0")
    run.start(trial(), None)
    exited = first(run)
    assert (exited.exit_code, exited.trial_id) == (local.CANNOT_START, 0) and "null byte" in exited.tail
    assert "null byte" in (tmp_path / "job" / "0" / "std.err").read_text()
    run.start(trial(1), None)
    run.halt(trial(1), keep_checkpoint=True)
    assert not run.wait(0), "a halted trial's failure is no news"


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_environment(backend, tmp_path):
    (tmp_path / "job").write_text("a file where the folder should be")
    with pytest.raises(EnvironmentFault, match="job/0"):
        backend("resumable.py").start(trial(), None)


def test_no_file_descriptors_left_is_a_fault_of_the_environment(backend, monkeypatch):
    def exhausted(*args, **options):
        raise OSError(24, os.strerror(24))

    run = backend("resumable.py")
    monkeypatch.setattr(local, "launch", exhausted)
    with pytest.raises(EnvironmentFault, match="Too many open files") as caught:
        run.start(trial(), None)
    assert "ulimit" in caught.value.hint


def test_several_trials_run_side_by_side(backend):
    run = backend("resumable.py", epochs=2)
    for number in range(4):
        run.start(trial(number, lr=number / 10), None)
    events = collect(run, exits=4)
    for number in range(4):
        own = [event for event in events if event.trial_id == number]
        assert [type(event) for event in own] == [Reported, Reported, Exited]
        assert own[0].metrics["acc"] == pytest.approx(1 - number / 10)
