"""Processes of a sweep are killed with -9 at random moments, again and again: nothing is lost, doubled or left."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from tests.fakes.tables import curves, write_table

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests" / "fakes" / "scripts" / "checkpointed.py"
KILLS = int(os.environ.get("TORTURE_KILLS", "50"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
PATIENCE = 1500.0
# Who lost its launcher notices that within a second of its own time; the machine may be busy.
SECONDS_TO_END = 20.0
TABLES = """
experiment_name: tables
benchmark_name: table
backend: simulated
table: {folder}/curves.parquet
scheduler: [hyperband_stopping, hyperband_promotion]
num_runs: 20
num_trials: 30
random_seed_offset: 7
"""
REAL = """
experiment_name: real
benchmark_name: script
entry_point: {folder}/code/train.py
config_space: {folder}/code/space.yaml
metric: loss
resource_attr: epoch
max_resource_attr: epochs
max_resource_level: 9
scheduler: [fifo, hyperband_promotion]
num_workers: [2, 1]
argument_groups: scheduler num_workers
num_runs: 3
num_trials: 2
random_seed_offset: 7
"""
SPACE = "x: {type: uniform, lower: 0, upper: 1}\ndelay: 0.1\nfault: none\n"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE + 300)]


class Sweeps:
    """Both sweeps, with results in `root`."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.root, self.folder = root, folder
        self.running: dict[str, subprocess.Popen] = {}
        self.starts = 0
        root.mkdir()

    def start(self, name: str) -> None:
        self.starts += 1
        command = [sys.executable, "-m", "harness", "sweep", str(self.folder / f"{name}.yaml")]
        with open(self.log(name), "ab") as log:
            self.running[name] = subprocess.Popen(
                [*command, "--runtime", "process", "--jobs", "2"],
                cwd=ROOT,
                env={**os.environ, "SYNETUNE_FOLDER": str(self.root), "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        return self.folder / f"{self.root.name}-{name}.log"

    def last_words(self) -> str:
        return "\n".join(f"{name}: {self.log(name).read_text()[-3000:]}" for name in self.running)

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if process.environ().get("SYNETUNE_FOLDER") == str(self.root):
                    found.append(process)
        return found

    def restart_those_that_broke(self) -> bool:
        """Whether both have finished."""
        assert self.starts < 2 * KILLS + 10, f"restarts do not help\n{self.last_words()}"
        for name, process in self.running.items():
            assert process.poll() not in (2, 3), f"a restart will not mend that\n{self.last_words()}"
            if process.poll() not in (None, 0):
                self.start(name)
        return all(process.poll() == 0 for process in self.running.values())

    def jobs(self, name: str) -> dict[str, Path]:
        """job id -> folder."""
        folders = [path.parent for path in self.root.glob(f"{name}-*/job.json")]
        return {json.loads((folder / "job.json").read_text())["job_id"]: folder for folder in folders}


@pytest.fixture
def sweeps(tmp_path):
    write_table(tmp_path / "curves.parquet", curves(ragged=0.3, nan=0.1))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text(SCRIPT.read_text())
    (tmp_path / "code" / "space.yaml").write_text(SPACE)
    for name, text in (("tables", TABLES), ("real", REAL)):
        (tmp_path / f"{name}.yaml").write_text(text.format(folder=tmp_path))
    made = [Sweeps(tmp_path, tmp_path / name) for name in ("calm", "stormy")]
    yield made
    for each in made:
        for process in each.processes():
            process.kill()


def reports(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "results.csv.zip")
    columns = ["trial_id", "epoch", "loss", "config_x", "st_decision"]
    # A trial that was killed has a row of its own for that, without a level, which turns the column to floats.
    frame = frame[frame.loss.notna()][columns].astype({"epoch": int})
    return frame.sort_values(columns[:2]).reset_index(drop=True)


def run_under_fire(sweeps: Sweeps, kills: int, seed: int) -> int:
    """Returns how many processes were killed before all was done."""
    chance, done, deadline = random.Random(seed), 0, time.monotonic() + PATIENCE
    while not sweeps.restart_those_that_broke():
        assert time.monotonic() < deadline, f"it does not come to an end\n{sweeps.last_words()}"
        time.sleep(chance.uniform(0.05, 1.5))
        targets = sweeps.processes()
        if done < kills and targets:
            with contextlib.suppress(psutil.NoSuchProcess):
                chance.choice(targets).send_signal(signal.SIGKILL)
                done += 1
    return done


def test_kill_9_of_random_processes_changes_nothing(sweeps):
    calm, stormy = sweeps
    for each in sweeps:
        for name in ("tables", "real"):
            each.start(name)
    killed = run_under_fire(stormy, KILLS, seed=SEED)
    assert run_under_fire(calm, 0, seed=SEED) == 0
    print(f"{killed} processes killed")
    assert killed >= min(KILLS, 20)

    assert calm.jobs("tables").keys() == stormy.jobs("tables").keys() and len(calm.jobs("tables")) == 40
    for job_id, folder in calm.jobs("tables").items():
        for file in ("events.jsonl", "results.csv.zip"):
            assert (folder / file).read_bytes() == (stormy.jobs("tables")[job_id] / file).read_bytes()
    assert calm.jobs("real").keys() == stormy.jobs("real").keys() and len(calm.jobs("real")) == 6
    for job_id, folder in calm.jobs("real").items():
        pd.testing.assert_frame_equal(reports(folder), reports(stormy.jobs("real")[job_id]))

    for name, number in (("tables", 40), ("real", 6)):
        assert len(list(stormy.root.glob(f"{name}-*"))) == number, "no job twice"
    deadline = time.monotonic() + SECONDS_TO_END
    while stormy.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert stormy.processes() == []
    left = [path for path in stormy.root.rglob("*") if path.name.endswith(".part") or "broken" in path.parts]
    left += [path for path in stormy.root.rglob(".*") if path.is_file()]
    assert left == []
