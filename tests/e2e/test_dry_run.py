"""Plans as JSON lines: a contract that outside tools rely on."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"index", "job_id", "tuner_name", "run_id", "random_seed", "random_seed_offset", "settings"}


def stdout(*argv):
    done = subprocess.run([sys.executable, *argv], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def launch(*argv):
    return stdout("scripts/launch_hpo.py", "--scheduler_timeout", "120", *argv, "--dry_run")


def test_a_dry_run_prints_one_object_per_experiment_and_creates_nothing(root):
    rows = launch("--scheduler", "fifo", "hyperband_stopping", "--searcher", "bayesopt", "random")
    assert [set(row) for row in rows] == [KEYS] * 4
    assert [(row["settings"]["scheduler"], row["settings"]["searcher"]) for row in rows] == [
        ("fifo", "bayesopt"),
        ("hyperband_stopping", "bayesopt"),
        ("fifo", "random"),
        ("hyperband_stopping", "random"),
    ]
    assert len({row["random_seed"] for row in rows}) == 1
    assert list(root.iterdir()) == []


def test_run_ids_from_both_flags_and_offsets_drawn_per_call(root):
    by_list = launch("--run_id", "0", "1", "2", "3", "4", "--random_seed_offset", "9")
    by_number = launch("--num_runs", "5", "--random_seed_offset", "9")
    strip = lambda rows: [{key: row[key] for key in KEYS - {"tuner_name"}} for row in rows]  # noqa: E731
    assert strip(by_list) == strip(by_number)
    assert [row["random_seed"] for row in by_list] == [9, 10, 11, 12, 13]
    assert launch()[0]["random_seed_offset"] != launch()[0]["random_seed_offset"]


def test_manifest_and_command_line_plan_equal_jobs(root):
    path = "experiments/mobster.yaml"
    offset = ("--random_seed_offset", "3")
    manifest = stdout("-m", "harness", "plan", path, "--json", *offset)
    command = subprocess.run(
        [sys.executable, "-m", "harness", "plan", path, "--as-command", *offset],
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout.split()
    assert command[:2] == ["python", "scripts/launch_hpo.py"]
    launched = stdout(*command[1:], "--dry_run")
    assert [row["job_id"] for row in launched] == [row["job_id"] for row in manifest]


def test_write_manifest_and_skip(root, tmp_path):
    file = tmp_path / "m.yaml"
    whole = launch("--num_runs", "4", "--random_seed_offset", "1")
    done = subprocess.run(
        [
            sys.executable,
            "scripts/launch_hpo.py",
            "--scheduler_timeout",
            "120",
            "--num_runs",
            "4",
            "--random_seed_offset",
            "1",
            "--write_manifest",
            str(file),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    planned = stdout("-m", "harness", "plan", str(file), "--json", "--experiment_name", "stune")
    assert [row["job_id"] for row in planned] == [row["job_id"] for row in whole]
    rest = launch("--num_runs", "4", "--random_seed_offset", "1", "--skip_initial_experiments", "3")
    assert [row["index"] for row in rest] == [3]
