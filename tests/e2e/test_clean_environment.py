"""An environment with this project and nothing but what it always needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_needs_no_extra_runs_and_the_rest_says_what_to_install(tmp_path):
    source = tmp_path / "source"  # pip leaves a folder `build` where it builds
    source.mkdir()
    for name in ("harness", "benchmarks"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    python = tmp_path / "clean" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "clean"], check=True)
    subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", source], check=True)
    done = subprocess.run(
        [python, ROOT / "scripts" / "clean_environment.py"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert sum(line.endswith(" runs") for line in lines) >= 11
    assert sum("exit code 3 for want of" in line for line in lines) >= 24
