"""Sweeps of a script on this machine: what ends them, what goes on, what is said."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.backends.warm import PROGRAM

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests" / "fakes" / "scripts"
MANIFEST = """
experiment_name: own
benchmark_name: script
entry_point: {folder}/train.py
config_space: {folder}/space.yaml
metric: loss
resource_attr: epoch
max_resource_attr: epochs
max_resource_level: {levels}
scheduler: {scheduler}
num_workers: 1
num_runs: {runs}
num_trials: 1
random_seed_offset: 7
"""


class Sweep:
    def __init__(self, root, folder, script="checkpointed.py", *, delay=0.0, fault="none", **values):
        self.root, self.manifest = root, folder / "own.yaml"
        code = folder / "code"
        code.mkdir()
        (code / "train.py").write_text((SCRIPTS / script).read_text())
        space = f"x: {{type: uniform, lower: 0, upper: 1}}\ndelay: {delay}\nfault: {fault}\nword: two words\n"
        (code / "space.yaml").write_text(space)
        values = {"levels": 3, "scheduler": "fifo", "runs": 1, **values}
        self.manifest.write_text(MANIFEST.format(folder=code, **values))

    def start(self, *words, command="sweep", target=None, **how):
        target = target or self.manifest
        line = [sys.executable, "-m", "harness", command, str(target), *words]
        return subprocess.Popen(line, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)

    def run(self, *words, code=0, **how):
        process = self.start(*words, **how)
        output, _ = process.communicate(timeout=100)
        assert process.returncode == code, output
        return output

    def jobs(self):
        return sorted(path.parent for path in self.root.glob("own-*/job.json"))

    def await_reports(self, number):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            texts = [path.read_text() for path in self.root.glob("own-*/events.jsonl")]
            if sum(text.count('"reported"') for text in texts) >= number:
                return
            time.sleep(0.02)
        raise AssertionError("no reports")


def test_a_run_that_was_interrupted_goes_on_with_resume(root, tmp_path):
    sweep = Sweep(root, tmp_path, delay=0.5, levels=4)
    process = sweep.start("--runtime", "process")
    sweep.await_reports(2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    (folder,) = sweep.jobs()
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["reason"]) == ("stopped", "interrupted by SIGINT")
    output = sweep.run(command="resume", target=folder)
    assert "goes on after" in output and "in progress: 0 from" in output
    assert (folder / "events.jsonl").read_text().count('"started"') == 1
    assert (folder / "events.jsonl").read_text().count('"reported"') == 4
    assert "nothing to do" in sweep.run(command="resume", target=folder)
    assert "nothing to do" in sweep.run("--runtime", "process"), "the sweep knows"


def test_resume_wants_the_folder_of_an_experiment(root, tmp_path):
    sweep = Sweep(root, tmp_path)
    assert "is no job folder" in sweep.run(command="resume", target=tmp_path, code=2)


def test_a_reader_that_leaves_does_not_end_a_sweep(root, tmp_path):
    sweep = Sweep(root, tmp_path, runs=2)
    process = sweep.start("--runtime", "process")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 0
    assert [json.loads((job / "status.json").read_text())["state"] for job in sweep.jobs()] == ["completed"] * 2


def test_fail_fast(root, tmp_path):
    sweep = Sweep(root, tmp_path, "faulty.py", fault="exception", runs=3)
    assert "teapot" in sweep.run("--runtime", "process", "--fail_fast", code=1)
    assert len(sweep.jobs()) == 1


def test_smoke_says_what_is_wrong_before_a_sweep(root, tmp_path):
    sweep = Sweep(root, tmp_path, "seeded.py", fault="resume from 1", scheduler="[fifo, hyperband_promotion]")
    output = sweep.run("--runtime", "process", command="smoke", code=1)
    assert output.count("the first level reported after 1 is epoch 1, expected 2") == 2
    assert list(root.iterdir()) == []


def words_of(process):
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def test_ctrl_c_ends_a_smoke_at_once(root, tmp_path):
    sweep = Sweep(root, tmp_path, delay=60)
    process = sweep.start("--runtime", "process", command="smoke")
    deadline, script = time.monotonic() + 60, str(tmp_path / "code" / "train.py")
    family = []
    while not any(script in words_of(each) for each in family) and time.monotonic() < deadline:
        time.sleep(0.1)
        family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and "ok" not in output, output
    gone, left = psutil.wait_procs(family, timeout=10)
    assert gone and not left


def test_doctor_says_what_is_there_and_what_is_not(tmp_path):
    (tmp_path / "file").touch()
    facts = {"SYNETUNE_FOLDER": str(tmp_path / "file" / "results"), "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    command = [sys.executable, "-m", "harness", "doctor", "--runtime", "docker"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, env={**os.environ, **facts})
    assert done.returncode == 3, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("missing")] == ["Docker", "results"]
    assert all(line.split()[0] in ("ok", "note", "missing", "->") for line in lines)


SHARING = """
experiment_name: sharing
benchmark_name: svm_breast_cancer
scheduler: fifo
num_workers: 2
num_runs: 3
num_trials: 8
"""


def launched_from(root):
    """Processes of the sweep with these results, however they detached: pid -> its parent's and its command."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if process.environ().get("SYNETUNE_FOLDER") == str(root):
                found[process.pid] = (process.ppid(), process.cmdline())
    return found


def forked_twice(processes):
    """Trials that a job's fork server has forked, which was itself forked from one that has done their imports."""
    parents = {pid: parent for pid, (parent, words) in processes.items() if str(PROGRAM) in words}
    return [pid for pid, parent in parents.items() if parents.get(parent) in parents]


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_jobs_of_a_sweep_share_their_imports_and_leave_nothing(tmp_path, killed):
    pytest.importorskip("sklearn")
    (tmp_path / "sharing.yaml").write_text(SHARING)
    root = tmp_path / "results"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "sweep", str(tmp_path / "sharing.yaml"), "--runtime", "process"],
        cwd=ROOT,
        text=True,
        env={**os.environ, "SYNETUNE_FOLDER": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    shared = False
    while process.poll() is None and not (killed and shared):
        shared = shared or bool(forked_twice(launched_from(root)))
        time.sleep(0.01)
    if killed:
        process.kill()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if killed else 0), output
    assert shared
    assert not any("other imports" in log.read_text() for log in root.glob("sharing-*/tuner.log"))
    deadline = time.monotonic() + 30
    while (left := launched_from(root)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left
