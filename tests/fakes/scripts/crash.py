"""Reports one epoch, then fails as `--how` says: an exception, an exit code or the number of a signal."""

import argparse
import os
import sys

from harness.reporter import Reporter

parser = argparse.ArgumentParser()
parser.add_argument("--how", required=True, help="raise, exit:CODE or signal:NUMBER")
how, _, number = parser.parse_known_args()[0].how.partition(":")

Reporter()(epoch=1, acc=0.5)
if how == "raise":
    raise RuntimeError("the loss has diverged")
if how == "exit":
    sys.exit(int(number))
os.kill(os.getpid(), int(number))
