"""`harness emulate-aws` in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys


@contextlib.contextmanager
def emulating(executor, folder):
    """Process id, and the environment that it prints; its files are in `folder`. It is told to end at the end."""
    words = [sys.executable, "-m", "harness", "emulate-aws", "--port", "0", "--executor", executor]
    own = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=own) as program:
        try:
            lines = []
            while not lines or "Ctrl-C" not in lines[-1]:
                lines.append(program.stdout.readline())
                assert lines[-1], "it has ended"
            yield program.pid, dict(line.split()[1].split("=") for line in lines if line.startswith("export "))
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(60) == 0
