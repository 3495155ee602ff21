"""The tutorial's files and commands, as written, in an empty folder; and a benchmark made by `harness init`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial_own_script.md"
# Dozens of short processes, of which each waits its turn on a busy machine.
pytestmark = pytest.mark.timeout(400)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(tmp_path, root):
    """Runs text in a shell whose `harness` and `python` are this checkout's; returns its output."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (programs / "harness").write_text(f'#!/bin/sh\nexec {sys.executable} -m harness "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    folder = tmp_path / "empty"
    folder.mkdir()

    def run(text):
        done = subprocess.run(["bash", "-euc", text], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run, folder


def test_the_tutorial(shell, root):
    run, folder = shell
    said = ""
    for kind, text in BLOCK.findall(TUTORIAL.read_text()):
        if kind == "bash":
            said = run(text)
        else:
            (folder / text.splitlines()[0].removeprefix("# ")).write_text(text)
    assert "nothing to do: all 2 experiments of 'mine' are finished" in said
    states = [json.loads(path.read_text()) for path in root.glob("*/status.json")]
    assert [state["state"] for state in states] == ["completed"] * 5
    assert all(state["best"]["value"] > 0.5 for state in states)
    names = sorted({path.parent.name.split("-2")[0] for path in root.glob("*/status.json")})
    assert names == ["first", "mine", "second", "third"]


def test_a_benchmark_made_by_init(shell, root):
    run, folder = shell
    said = run("harness init 'my bench'")
    *_, test, plan, smoke, sweep = said.splitlines()
    run(f"{test} -q -p no:cacheprovider")
    assert "4 experiments" in run(plan)
    assert run(f"{smoke.strip()} --runtime process").count(": ok") == 2
    assert "2 experiments" in run(f"{sweep.strip()} --runtime process --vars num_runs=1")
    states = [json.loads(path.read_text())["state"] for path in root.glob("*/status.json")]
    assert states == ["completed"] * 2
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(AssertionError, match="it is not empty, and nothing is overwritten"):
        run("harness init 'my bench'")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == kept
