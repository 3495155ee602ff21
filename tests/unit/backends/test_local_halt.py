"""Ends that the tuner wants, and that none of a trial's processes outlives them."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from local_trials import SCRIPTS, children_by_mark, collect, first, gone, trial

from harness.backends import guard as guard_program
from harness.backends import local
from harness.backends.guarding import Guard

GUARD = guard_program.__file__


@pytest.fixture(params=["pidfd", "thread"])
def watcher(request, monkeypatch):
    """How the end of a process is noticed; systems without pidfd take a thread."""
    if request.param == "thread":

        def refused(pid):
            raise OSError(errno.ENOSYS, "no such call")

        monkeypatch.setattr(os, "pidfd_open", refused, raising=False)
    elif not hasattr(os, "pidfd_open"):
        pytest.skip("no pidfd on this system")


def child_of(tmp_path: Path, trial_id: int = 0) -> int:
    return int((tmp_path / "job" / str(trial_id) / "child.pid").read_text())


def trial_processes() -> list[psutil.Process]:
    """Children but for the back-end's own two programs, the guard and the fork server."""
    return [child for child, mark in children_by_mark().items() if "/" in mark]


def test_halt_ends_the_whole_group_without_an_event(backend, tmp_path, watcher):
    run = backend("family.py", then="wait")
    run.start(trial(), None)
    assert first(run).metrics["epoch"] == 1
    child = child_of(tmp_path)
    run.halt(trial(), keep_checkpoint=False)
    assert gone(child)
    assert trial_processes() == []
    assert not run.wait(0.1)
    folder = tmp_path / "job" / "0"
    assert float((folder / "stop").read_text()) > 1e9 and not (folder / "end").exists()
    assert not (folder / "checkpoints").exists()
    run.halt(trial(), keep_checkpoint=False)


def test_halt_keeps_the_checkpoint_of_a_paused_trial(backend, tmp_path):
    run = backend("resumable.py", epochs=100, delay=0.05)
    it = trial(lr=0.3)
    run.start(it, None)
    reached = first(run).metrics["epoch"]
    run.halt(it, keep_checkpoint=True)
    it.leg = 1
    run.start(it, None)
    report = first(run)
    assert report.leg == 1 and report.metrics["epoch"] > reached
    run.halt(it, keep_checkpoint=False)


def test_halt_drops_an_exit_that_was_not_told_yet(backend, tmp_path):
    run = backend("resumable.py", epochs=1, lr=0.1, delay=1)
    run.start(trial(), None)
    while not (found := trial_processes()):  # a forked one has its mark a moment later
        pass
    (process,) = found
    while process.status() != psutil.STATUS_ZOMBIE:
        pass
    run.halt(trial(), keep_checkpoint=True)
    assert not run.wait(0)
    assert (tmp_path / "job" / "0" / "stop").exists()
    assert "[tune-metric]" in (tmp_path / "job" / "0" / "std.out").read_text()


def test_halt_after_the_end_only_removes_the_checkpoint(backend, tmp_path):
    run = backend("resumable.py", epochs=1, lr=0.1)
    run.start(trial(), None)
    collect(run)
    run.halt(trial(), keep_checkpoint=False)
    folder = tmp_path / "job" / "0"
    assert not (folder / "checkpoints").exists() and not (folder / "stop").exists()


def test_a_grandchild_that_holds_the_pipe_does_not_delay_the_exit(backend, tmp_path, watcher):
    run = backend("family.py", then="exit")
    run.start(trial(), None)
    report, exited = collect(run)
    assert report.metrics["epoch"] == 1 and exited.exit_code == 0
    assert gone(child_of(tmp_path))


def test_a_grandchild_that_left_the_group_does_not_delay_the_exit_either(backend, tmp_path):
    run = backend("family.py", then="exit", escapes=True)
    run.start(trial(), None)
    report, exited = collect(run)
    assert report.metrics["epoch"] == 1 and exited.exit_code == 0
    run.wait(1.1)  # whoever left its trial is looked for once a second
    assert gone(child_of(tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_only_what_belongs_to_a_trial_that_is_over_is_swept_up(backend, tmp_path):
    run = backend("family.py", then="wait", escapes=True)
    for number in range(2):
        run.start(trial(number), None)
    while not all((tmp_path / "job" / str(number) / "child.pid").exists() for number in range(2)):
        run.wait(0.1)
    run.halt(trial(0), keep_checkpoint=False)
    run.wait(1.1)
    assert gone(child_of(tmp_path, 0))
    assert psutil.pid_exists(child_of(tmp_path, 1))
    run.close()
    assert gone(child_of(tmp_path, 1))


LATE_CHILD = """
import os, subprocess, sys
code = "import os, pathlib, time\\nwhile os.getppid() == %d: time.sleep(0.01)\\n"
code += "print('late', flush=True); pathlib.Path('late').touch(); time.sleep(3600)"
subprocess.Popen([sys.executable, "-c", code % os.getpid()])
"""


def test_output_that_comes_after_the_exit_is_logged_once(backend, tmp_path):
    run = backend(LATE_CHILD)
    run.start(trial(), None)
    while not (tmp_path / "job" / "0" / "late").exists():
        pass
    (exited,) = run.wait(60)  # finds the exit first and the output second, both at once
    assert exited.exit_code == 0 and exited.tail == "late"


def test_the_guard_watches_what_runs_and_nothing_else(backend, monkeypatch):
    class Recorder(Guard):
        def watch(self, group):
            calls.append(("watch", group))

        def forget(self, group):
            calls.append(("forget", group))

    calls = []
    monkeypatch.setattr(local, "Guard", Recorder)
    run = backend("resumable.py", epochs=1, lr=0.1)
    run.start(trial(), None)
    collect(run)
    (_, group), end = calls
    assert end == ("forget", group)
    assert guard_program.groups_left([b"+7\n", b"+8\n", b"-7\n", b"+9"]) == {8}


def test_close_ends_everything_and_may_be_called_twice(backend, launcher, tmp_path):
    descriptors = psutil.Process().num_fds()
    run = backend("family.py", then="wait")
    for number in range(2):
        run.start(trial(number), None)
    while not all((tmp_path / "job" / str(number) / "child.pid").exists() for number in range(2)):
        run.wait(1)
    children = [child_of(tmp_path, number) for number in range(2)]
    run.close()
    run.close()
    launcher.close()
    assert all(gone(child) for child in children)
    assert psutil.Process().children() == []
    assert psutil.Process().num_fds() <= descriptors
    assert (tmp_path / "job" / "1" / "stop").exists()


DRIVER = """
import sys
from pathlib import Path
from harness.backends.local import LocalBackend
from harness.benchmark import Calling
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Trial
from harness.jobdir import JobDir

script, job = map(Path, sys.argv[1:3])
space = Space({"then": "wait", "escapes": sys.argv[3]})
calling = Calling(preload=("harness.reporter",) if sys.argv[4] == "warm" else ())
run = LocalBackend(script=script, problem=Problem(space, "acc"), job=JobDir(job), calling=calling)
for number in range(2):
    run.start(Trial(number, {}), None)
reports = []
while len(reports) < 2:
    reports += run.wait(60)
print("ready", flush=True)
run.wait(60)
"""


@pytest.mark.parametrize("escapes, how", [("False", "plain"), ("True", "plain"), ("False", "warm"), ("True", "warm")])
def test_trials_do_not_outlive_a_tuner_that_is_killed(tmp_path, escapes, how):
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, SCRIPTS / "family.py", tmp_path / "job", escapes, how],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with driver:
        assert driver.stdout.readline() == b"ready\n"
        family = psutil.Process(driver.pid).children(recursive=True)
        assert len(family) == (6 if how == "warm" else 5)  # two trials, a child of each, the guard, the fork server
        os.killpg(driver.pid, signal.SIGKILL)
    assert all(gone(process.pid) for process in family)


def test_trials_that_lost_their_tuner_and_its_guard_end_before_the_experiment_goes_on(tmp_path, backend):
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, SCRIPTS / "family.py", tmp_path / "job", "True", "plain"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with driver:
        assert driver.stdout.readline() == b"ready\n"
        family = psutil.Process(driver.pid).children(recursive=True)
        guards = [process for process in family if any("guard.py" in word for word in process.cmdline())]
        for process in (*guards, driver):
            process.send_signal(signal.SIGKILL)
    left = [process for process in family if process not in guards]
    assert len(left) == 4 and not any(process.status() == psutil.STATUS_ZOMBIE for process in left)
    backend("seeded.py").start(trial(), None)
    assert all(gone(process.pid) for process in left)


def test_a_guard_that_was_killed_is_replaced_unasked():
    guard = Guard("NO_MARK=1")
    guard.open()
    (before,) = psutil.Process().children()
    before.kill()
    while before.status() != psutil.STATUS_ZOMBIE:
        pass
    guard.check()
    (after,) = psutil.Process().children()
    assert after != before
    guard.close()


def test_a_guard_that_was_killed_is_replaced():
    guard = Guard("NO_MARK=1")
    guard.open()
    (program,) = psutil.Process().children()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as sleeper:
        guard.watch(sleeper.pid)
        program.kill()
        program.wait()
        guard.watch(sleeper.pid)
        guard.close()
        assert sleeper.wait(10) == -signal.SIGKILL
