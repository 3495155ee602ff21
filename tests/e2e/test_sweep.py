"""A real sweep: real training on a few real images, in real processes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from tests.fakes.sweeps import IMAGES, ROOT, Sweep


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
    for job in jobs.values():
        folder = sweep.root / job["tuner_name"]
        assert json.loads((folder / "status.json").read_text())["state"] == "completed"
        assert json.loads((folder / "metadata.json").read_text())["runtime"] == "process"
        frame = pd.read_csv(folder / "results.csv.zip")
        assert frame.accuracy.between(0, 1).all()
    first = sweep.first_configs()
    for run_id in (0, 1):
        assert first[run_id, "random"] == first[run_id, "bayesopt"], "methods of one run id begin alike"
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
    process = sweep.start("--vars", "trials=1000")
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
    assert (status["state"], status["reason"]) == ("stopped", "interrupted by SIGINT")


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


def test_a_launch_that_could_start_nothing_prints_no_command_to_continue(root, tmp_path):
    command = [sys.executable, "scripts/launch_hpo.py", "--local_tuner", "--num_trials", "1", "--runtime", "docker"]
    facts = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    done = subprocess.run(
        [*command, "--dataset_path", str(IMAGES)], cwd=ROOT, text=True, capture_output=True, env={**os.environ, **facts}
    )
    assert done.returncode == 3 and "Docker" in done.stderr
    assert "to continue" not in done.stdout and "For the record" not in done.stdout


@pytest.mark.parametrize("launcher", [["scripts/launch_hpo.py"], ["-m", "harness", "launch"]])
def test_an_interrupted_launch_prints_the_command_that_makes_it_whole(root, launcher):
    command = [
        sys.executable,
        *launcher,
        "--local_tuner",
        "--num_trials",
        "1",
        "--searcher",
        "random",
        "bayesopt",
    ]
    command += ["--dataset_path", str(IMAGES), "--max_resource_level", "2"]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(root.glob("*/events.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    (line,) = [line for line in output.splitlines() if line.startswith("to continue: python ")]
    done = subprocess.run([sys.executable, *shlex.split(line)[3:]], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    finished = [path for path in root.glob("*/status.json") if json.loads(path.read_text())["state"] == "completed"]
    jobs = [json.loads((path.parent / "job.json").read_text()) for path in finished]
    assert sorted(job["settings"]["searcher"] for job in jobs) == ["bayesopt", "random"]
    assert len({job["random_seed"] for job in jobs}) == 1
