"""The same sweep in containers as in processes: same seeds, same initial configurations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import pytest

from tests.fakes.sweeps import ROOT, Sweep
from tests.fakes.tables import curves, write_table

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


def test_a_sweep_in_containers_equals_one_in_processes(root, tmp_path):
    (root / "docker").mkdir()
    (root / "process").mkdir()
    sweeps = {}
    offset = ("--vars", "runs=1", "--random_seed_offset", "11")
    for runtime in ("docker", "process"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SYNETUNE_FOLDER", str(root / runtime))
            sweeps[runtime] = Sweep(root / runtime, tmp_path, runtime)
            sweeps[runtime].run(*offset, timeout=800)
            assert "nothing to do" in sweeps[runtime].run(*offset)
    inside, outside = sweeps["docker"], sweeps["process"]
    assert inside.first_configs() == outside.first_configs()
    assert set(inside.jobs()) == set(outside.jobs())
    for path in inside.root.glob("*/metadata.json"):
        facts = json.loads(path.read_text())
        assert facts["runtime"] == "docker"
        assert facts["image"].startswith("hpo-harness:c-")
        assert facts["image_id"].startswith("sha256:") and facts["image_base"] and facts["engine_version"]


def launch(results, *words, code=0):
    """Files of the one experiment that the launcher runs: name -> folder."""
    command = [sys.executable, "-m", "harness", "launch", "--local_tuner", *map(str, words)]
    environment = {**os.environ, "SYNETUNE_FOLDER": str(results)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    (folder,) = (path for path in results.iterdir() if not path.name.startswith("."))
    return folder


def test_a_table_gives_the_same_bytes_in_both_runtimes(tmp_path):
    table = write_table(tmp_path / "curves.parquet", curves(ragged=0.3, nan=0.1))
    words = ("--benchmark_name", "table", "--table", table, "--backend", "simulated", "--random_seed_offset", 5)
    words += ("--num_trials", 30, "--scheduler", "hyperband_promotion", "--searcher", "bayesopt")
    inside = launch(tmp_path / "docker", *words, "--runtime", "docker")
    outside = launch(tmp_path / "process", *words, "--runtime", "process")
    assert (inside / "events.jsonl").read_bytes() == (outside / "events.jsonl").read_bytes()
    rows = [zipfile.ZipFile(folder / "results.csv.zip").read("results.csv") for folder in (inside, outside)]
    assert rows[0] == rows[1]
    assert {path.stat().st_uid for path in inside.rglob("*")} == {os.getuid()}


HUNGRY = """
import argparse
from harness.reporter import Reporter
parser = argparse.ArgumentParser()
for name in ("x", "megabytes", "st_checkpoint_dir"):
    parser.add_argument(f"--{name}")
args = parser.parse_args()
Reporter()(loss=1.0)
taken = bytearray(int(args.megabytes) << 20)
Reporter()(loss=0.5 + len(taken) * 0)
"""


def test_a_trial_beyond_the_memory_limit_fails_alone(tmp_path):
    (tmp_path / "train.py").write_text(HUNGRY)
    space = {"x": {"type": "uniform", "lower": 0, "upper": 1}, "megabytes": {"type": "choice", "values": [1, 1000]}}
    (tmp_path / "space.yaml").write_text(json.dumps(space))
    words = ["--benchmark_name", "script", "--entry_point", tmp_path / "train.py", "--config_space"]
    words += [tmp_path / "space.yaml", "--metric", "loss", "--mode", "min", "--memory", "300m", "--num_workers", 1]
    words += ["--num_trials", 3, "--max_failures", 20, "--random_seed_offset", 1, "--runtime", "docker"]
    folder = launch(tmp_path / "results", *words)
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["trials"]["Completed"]) == ("completed", 3)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    sizes = {event["trial_id"]: event["config"]["megabytes"] for event in events if event["event"] == "started"}
    ends = {event["trial_id"]: event for event in events if event["event"] == "ended"}
    failed = {trial for trial, event in ends.items() if event["status"] == "Failed"}
    assert failed and failed == {trial for trial in ends if sizes[trial] == 1000}
    assert all("memory" in event["reason"] for trial, event in ends.items() if trial in failed), ends
