"""A real sweep: real training on a few real images, in real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "tests" / "data" / "fashion_mnist_small"
MANIFEST = f"""
vars:
  runs: 2
experiment_name: small
scheduler: hyperband_stopping
searcher: [random, bayesopt]
num_runs: {{{{ runs }}}}
num_trials: 1
max_resource_level: 2
num_workers: 2
dataset_path: {IMAGES}
"""


class Sweep:
    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.manifest = folder / "small.yaml"
        self.manifest.write_text(MANIFEST)

    def start(self, *argv: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "harness", "sweep", str(self.manifest), "--runtime", "process", *argv]
        return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *argv: str, code: int = 0) -> str:
        process = self.start(*argv)
        output, _ = process.communicate(timeout=110)
        assert process.returncode == code, output
        return output

    def plan(self) -> list[dict]:
        command = [sys.executable, "-m", "harness", "plan", str(self.manifest), "--json"]
        return [json.loads(line) for line in subprocess.check_output(command, cwd=ROOT, text=True).splitlines()]

    def jobs(self) -> dict[str, dict]:
        """job id -> job.json of every folder that loaders would find."""
        found = [json.loads(path.read_text()) for path in self.root.glob("*/job.json")]
        return {job["job_id"]: job for job in found}

    def journal(self) -> list[dict]:
        text = (self.root / ".sweeps" / "small" / "journal.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def processes(self) -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if str(self.root) in " ".join(p.info["cmdline"] or [])]


@pytest.fixture
def sweep(root, tmp_path):
    return Sweep(root, tmp_path)


def test_a_sweep_runs_once_and_grows(sweep):
    output = sweep.run()
    assert "Launching experiment 4 of 4" in output
    assert "MOBSTER" in output and "winner" in output
    jobs = sweep.jobs()
    assert len(jobs) == 4
    assert {job["random_seed"] for job in jobs.values()} == {row["random_seed"] for row in sweep.plan()}
    firsts: dict[int, list] = {}
    for job in jobs.values():
        folder = sweep.root / job["tuner_name"]
        assert json.loads((folder / "status.json").read_text())["state"] == "completed"
        assert json.loads((folder / "metadata.json").read_text())["runtime"] == "process"
        frame = pd.read_csv(folder / "results.csv.zip")
        assert frame.accuracy.between(0, 1).all()
        events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        configs = [event["config"] for event in events if event["event"] == "started"]
        firsts.setdefault(job["run_id"], []).append(configs[:2])
    for run_id, (one, other) in firsts.items():
        assert one == other, f"methods of run id {run_id} begin with the same configurations"
    before = {path: path.stat().st_mtime_ns for path in sweep.root.glob("*/*.json")}
    assert "nothing to do: all 4 experiments" in sweep.run()
    assert {path: path.stat().st_mtime_ns for path in sweep.root.glob("*/*.json")} == before
    assert "6 experiments, 4 finished, 2 to run" in sweep.run("--vars", "runs=3")
    assert set(jobs) < set(sweep.jobs())
    assert sweep.processes() == []


def test_kill_9_keeps_what_is_finished_and_runs_the_broken_one_again(sweep):
    process = sweep.start()
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        journal = sweep.journal() if (sweep.root / ".sweeps" / "small" / "journal.jsonl").exists() else []
        if [entry["event"] for entry in journal][-2:] == ["ended", "submitting"]:
            break
        time.sleep(0.05)
    time.sleep(0.5)
    process.kill()
    process.communicate()
    planned = {row["job_id"]: row["random_seed"] for row in sweep.plan()}
    finished = [entry["job_id"] for entry in sweep.journal() if entry["event"] == "ended"]
    stamps = {
        path: path.stat().st_mtime_ns
        for name in finished
        for path in sweep.root.glob("*/results.csv.zip")
        if name in (path.parent / "job.json").read_text()
    }
    assert stamps
    output = sweep.run()
    assert f"{len(finished)} finished, {4 - len(finished)} to run" in output
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert {job["job_id"]: job["random_seed"] for job in sweep.jobs().values()} == planned
    assert len(list(sweep.root.glob("*/job.json"))) == 4, "the broken attempt does not lie among the results"
    assert sweep.processes() == []


def test_ctrl_c_ends_children_and_saves_state(sweep):
    process = sweep.start()
    deadline = time.monotonic() + 60
    while not list(sweep.root.glob("*/events.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output
    assert "the same command runs what is missing" in output
    assert sweep.processes() == []
    (status,) = [json.loads(path.read_text()) for path in sweep.root.glob("*/status.json")]
    assert (status["state"], status["reason"]) == ("stopped", "interrupted by SIGTERM")


def test_two_sweeps_at_once_do_not_run_one_job_twice(sweep):
    first, second = sweep.start(), sweep.start()
    outputs = [process.communicate(timeout=110)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert any("is running; waiting for its end" in output for output in outputs)
    assert any("nothing to do" in output for output in outputs)
    submitted = [entry["job_id"] for entry in sweep.journal() if entry["event"] == "submitting"]
    assert len(submitted) == len(set(submitted)) == 4


def test_fresh_draws_new_seeds(sweep):
    sweep.run("--vars", "runs=1")
    seeds = {job["random_seed"] for job in sweep.jobs().values()}
    sweep.run("--vars", "runs=1", "--fresh")
    assert len(sweep.jobs()) == 4
    assert len({job["random_seed"] for job in sweep.jobs().values()} - seeds) == 1


def test_a_results_folder_that_cannot_be_written(sweep, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNETUNE_FOLDER", str(sweep.manifest))
    assert "set SYNETUNE_FOLDER to a folder" in sweep.run(code=3)


def test_the_launcher_says_what_the_seed_document_says(root):
    command = [
        sys.executable,
        "scripts/launch_hpo.py",
        "--local_tuner",
        "--num_trials",
        "1",
        "--max_resource_level",
        "1",
    ]
    command += ["--dataset_path", str(IMAGES), "--run_id", "0", "1", "--random_seed_offset", "77"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    for line in (
        "random_seed_offset: 77",
        "run_id: 0 1",
        "2 experiments",
        "Launching experiment 2 of 2",
        "For the record: ",
    ):
        assert line in done.stdout
