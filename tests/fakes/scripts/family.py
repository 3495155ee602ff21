"""Starts a child that holds its output open and would live for an hour; then `--then` exits or waits for it."""

import argparse
import subprocess
import sys
from pathlib import Path

from harness.reporter import Reporter

parser = argparse.ArgumentParser()
parser.add_argument("--then", choices=["exit", "wait"], required=True)
args, _ = parser.parse_known_args()

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
Path("child.pid").write_text(str(child.pid))
Reporter()(epoch=1, acc=0.5)
if args.then == "wait":
    child.wait()
