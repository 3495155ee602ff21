"""A process of a sweep is killed with -9 before each change that it makes to the disk: nothing is lost or left."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.tables import curves, write_table

ROOT = Path(__file__).resolve().parents[2]
# Every process of Python imports it. It counts what writes to the results folder, and forks, of processes whose command
# line has the word that is to die.
KILLER = """
import os, signal, sys
number, word, root = int(os.environ["DIE_AT"]), os.environ["DIE_WORD"], os.environ["SYNETUNE_FOLDER"]
writes = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"}
seen = 0

def count(event, args):
    global seen
    if event in writes:
        if not str(args[0]).startswith(root) or (event == "open" and set(str(args[1] or "a")) <= set("rbt")):
            return
    elif event not in ("subprocess.Popen", "os.fork"):
        return
    if word not in getattr(sys, "argv", []):
        return
    seen += 1
    if seen == number:
        try:
            os.close(os.open(root + ".dead", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

if number:
    sys.addaudithook(count)
"""
MANIFEST = """
experiment_name: exp
benchmark_name: table
backend: simulated
table: {folder}/curves.parquet
scheduler: hyperband_promotion
num_runs: 1
num_trials: 8
random_seed_offset: 7
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture
def sweep(tmp_path):
    """sweep(name of the folder for results, number of the change, word): exit code, output."""
    write_table(tmp_path / "curves.parquet", curves())
    (tmp_path / "exp.yaml").write_text(MANIFEST.format(folder=tmp_path))
    (tmp_path / "sitecustomize.py").write_text(KILLER)

    def run(name, number=0, word=""):
        own = {"SYNETUNE_FOLDER": str(tmp_path / name), "DIE_AT": str(number), "DIE_WORD": word}
        done = subprocess.run(
            [sys.executable, "-m", "harness", "sweep", str(tmp_path / "exp.yaml"), "--runtime", "process"],
            cwd=ROOT,
            env={**os.environ, **own, "PYTHONPATH": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    return run


def content(root):
    """File -> bytes, of what must be the same whatever happened."""
    return {
        (json.loads(path.read_text())["job_id"], name): (path.parent / name).read_bytes()
        for path in root.glob("exp-*/job.json")
        for name in ("events.jsonl", "results.csv.zip")
    }


@pytest.mark.parametrize("word", ["sweep", "run-job"])
def test_kill_9_before_any_change_loses_and_leaves_nothing(sweep, tmp_path, word):
    assert sweep("calm")[0] == 0
    for number in itertools.count(1):
        root = tmp_path / f"stormy-{number}"
        first = sweep(root.name, number, word)
        if not (tmp_path / f"{root.name}.dead").exists():
            break
        code, output = sweep(root.name)
        said = f"killed before change {number}: {first[1]}\n{output}"
        assert code == 0, said
        assert content(root) == content(tmp_path / "calm"), said
        assert len(list(root.glob("exp-*"))) == 1, said
        left = [path for path in root.rglob("*") if path.is_file() and (path.name[0] == "." or "broken" in path.parts)]
        left += root.rglob("process.json")
        assert not left, said
    assert number > 8, "it would die nowhere"
