"""Starts a child that holds its output open and would live for an hour; then `--then` exits or waits for it.

With `--escapes True` the child leaves the process group.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from harness.reporter import Reporter

parser = argparse.ArgumentParser()
parser.add_argument("--then", choices=["exit", "wait"], required=True)
parser.add_argument("--escapes", default="False")
args, _ = parser.parse_known_args()

child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=args.escapes == "True"
)
Path("child.pid").write_text(str(child.pid))
Reporter()(epoch=1, acc=0.5)
if args.then == "wait":
    child.wait()
