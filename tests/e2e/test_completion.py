"""A shell's request for completions, as argcomplete makes it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "program", "expected", "absent"),
    [
        ("launch_hpo.py --sched", "scripts/launch_hpo.py", {"--scheduler", "--scheduler_timeout"}, {"--searcher"}),
        ("launch_hpo.py --scheduler hyperband_st", "scripts/launch_hpo.py", {"hyperband_stopping"}, {"fifo"}),
        ("harness sw", "harness/__main__.py", {"sweep"}, {"plan"}),
        ("harness plan m.yaml --as", "harness/__main__.py", {"--as-command"}, {"--json"}),
    ],
)
def test_completions(line, program, expected, absent, tmp_path):
    out = tmp_path / "out"
    env = {**os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "PYTHONPATH": str(ROOT)}
    env |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(out), "_ARGCOMPLETE_IFS": "\n"}
    subprocess.run([sys.executable, program], cwd=ROOT, env=env, check=True)
    found = {word.strip() for word in out.read_text().split("\n")}
    assert expected <= found
    assert not absent & found
