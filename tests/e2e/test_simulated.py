"""Experiments on a table in virtual time, through the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from harness.__main__ import main
from tests.fakes.tables import DESCRIPTION, curves, write_table

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ("launch", "--benchmark_name", "table", "--backend", "simulated", "--local_tuner", "--runtime", "process")


def harness(*words, results, cwd=ROOT):
    environment = {**os.environ, "SYNETUNE_FOLDER": str(results), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "harness", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)


def launched(results, *words, cwd=ROOT):
    done = harness(*LAUNCH, *words, results=results, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(path for path in results.iterdir() if not path.name.startswith("."))


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "curves.parquet", curves(ragged=0.3, nan=0.1))


def test_a_launch_leaves_what_one_with_a_real_benchmark_leaves(tmp_path, table):
    (folder,) = launched(tmp_path / "results", "--table", table.name, "--num_trials", 20, cwd=tmp_path)
    facts = json.loads((folder / "metadata.json").read_text())
    assert (facts["backend"], facts["entrypoint"]) == ("BlackboxRepositoryBackend", "curves")
    assert (facts["elapsed_time_attr"], facts["resource_attr"], facts["metric_names"]) == ("seconds", "epoch", ["loss"])
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["trials"]["Completed"]) == ("completed", 20)
    frame = pd.read_csv(folder / "results.csv.zip")
    assert {"trial_id", "config_lr", "config_width", "st_decision", "st_status", "st_tuner_time"} <= set(frame)
    assert frame.groupby("trial_id").epoch.apply(lambda epochs: list(epochs) == list(range(1, len(epochs) + 1))).all()
    first = frame[frame.trial_id < 4]  # four workers: these start at once
    assert (first.st_tuner_time == first.seconds).all()
    assert len((folder / "tuner.log").read_text().splitlines()) < 20


@pytest.mark.parametrize(
    ("scheduler", "searcher", "seconds"),
    [
        ("hyperband_stopping", "random", 300),
        ("hyperband_promotion", "random", 300),
        ("hyperband_stopping", "kde", 300),
        ("hyperband_stopping", "bayesopt", 120),
    ],
)
def test_one_seed_gives_equal_bytes_wherever_the_table_lies(tmp_path, table, scheduler, searcher, seconds):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in (table, table.with_suffix(".yaml")):
        (elsewhere / file.name).write_bytes(file.read_bytes())
    folders = []
    for results, path in (("a", table), ("b", elsewhere / table.name)):
        words = ("--random_seed_offset", 7, "--scheduler_timeout", seconds, "--scheduler", scheduler)
        folders += launched(tmp_path / results, "--table", path, "--searcher", searcher, *words)
    one, other = ([(folder / name).read_bytes() for name in ("events.jsonl", "results.csv.zip")] for folder in folders)
    assert one == other
    jobs = [json.loads((folder / "job.json").read_text()) for folder in folders]
    assert jobs[0]["job_id"] == jobs[1]["job_id"]
    status = json.loads((folders[0] / "status.json").read_text())
    assert (status["reason"], status["elapsed"]) == (f"scheduler_timeout of {seconds} s reached", seconds)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--table", "none.parquet"], "none.parquet: there is no such file"),
        ([], r"which table\? e.g. --table FILE.parquet"),
        (["--table", "curves.parquet", "--metric", "accuracy"], "metric = 'accuracy': .*curves.yaml knows .* loss"),
        (["--table", "curves.parquet", "--max_resource_level", "10"], "max_resource_level = 10: .* ends at epoch 9"),
        (["--table", "curves.parquet", "--table_seed", "1"], "table_seed = 1: .*curves.yaml names no seed column"),
        (
            ["--table", "curves.parquet", "--backend", "local"],
            "not go with back-end local; it supports: simulated",
        ),
        (["--benchmark_name", "mlp_digits"], "simulated does not go with benchmark mlp_digits, which is not tabulated"),
        (
            ["--table", "curves.parquet", "--searcher", "bayesopt_constrained"],
            r"searcher bayesopt_constrained needs a benchmark that reports a constraint \(constraint_attr\)",
        ),
        (
            ["--table", "curves.parquet", "--constraint_attr", "memory"],
            "constraint_attr = 'memory': .*curves.yaml knows the metrics loss",
        ),
        (["--table", "curves.yaml"], "curves.yaml: cannot read the table: no Parquet file"),
        (["--table", "other.parquet"], "other.parquet: no column epoch; the file has: lr, width, seconds, loss"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(tmp_path, table, root, words, fault, monkeypatch, capsys):
    rows = curves(2)
    del rows["epoch"]
    write_table(tmp_path / "other.parquet", rows, DESCRIPTION)
    monkeypatch.chdir(tmp_path)
    assert main([*LAUNCH, "--num_trials", "3", *words]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert re.search(fault, line), line
    assert not list(root.iterdir())


def test_a_job_notices_that_its_table_has_changed(tmp_path, table):
    (folder,) = launched(tmp_path / "results", "--table", table, "--num_trials", 2)
    write_table(table, curves(seed=1))
    done = harness("run-job", folder, results=tmp_path / "results")
    assert done.returncode == 1
    reason = json.loads((folder / "status.json").read_text())["reason"]
    assert reason.endswith("curves.parquet: the table is not the one that this experiment was planned with")


def test_a_job_finds_its_table_where_the_runtime_put_it(tmp_path, table):
    (folder,) = launched(tmp_path / "results", "--table", table, "--num_trials", 2)
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for file in (table, table.with_suffix(".yaml")):
        file.rename(mounted / file.name)
    done = harness("run-job", folder, "--data", f"table={mounted}", results=tmp_path / "results")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shipped_comparison_gives_equal_bytes_twice_however_many_processes_play_it(tmp_path):
    runs = []
    for jobs_at_once in (1, 2):
        variables = "models=false num_runs=1"
        sweep = ("sweep", "experiments/simulated.yaml", "--vars", variables, "--random_seed_offset", 5)
        done = harness(*sweep, "--runtime", "process", "--jobs", jobs_at_once, results=tmp_path / str(jobs_at_once))
        assert done.returncode == 0, done.stdout + done.stderr
        folders = [path.parent for path in (tmp_path / str(jobs_at_once)).glob("*/job.json")]
        jobs = {json.loads((folder / "job.json").read_text())["job_id"]: folder for folder in folders}
        files = ("events.jsonl", "results.csv.zip")
        runs.append({job: [(jobs[job] / file).read_bytes() for file in files] for job in jobs})
    assert len(runs[0]) == 10 and runs[0] == runs[1]
