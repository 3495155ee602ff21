"""A learning curve: (x - 0.3)^2 + 1 / epoch."""

import argparse
import time

from harness.reporter import Reporter

parser = argparse.ArgumentParser()
for name, kind in {
    "x": float,
    "epochs": int,
    "delay": float,
    "word": str,
    "fault": str,
    "st_checkpoint_dir": str,
}.items():
    parser.add_argument(f"--{name}", type=kind, required=True)
args = parser.parse_args()
assert args.word == "two words"
report = Reporter()
for epoch in range(1, args.epochs + 1):
    time.sleep(args.delay)
    report(epoch=epoch, loss=(args.x - 0.3) ** 2 + 1 / epoch)
