"""A training script that goes wrong in the way its --fault names."""

import argparse
import sys

from harness.reporter import Reporter

parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
parser.add_argument("--fault", default="exception")
parser.add_argument("--epochs", type=int)
args, _ = parser.parse_known_args()
report = Reporter()
report(epoch=1, loss=args.x)
if args.fault == "exception":
    raise ValueError("the learning rate is a teapot")
if args.fault == "missing":
    report(epoch=2, accuracy=0.5)
if args.fault == "nan":
    report(epoch=2, loss=float("nan"))
if args.fault == "exit":
    sys.exit(7)
if args.fault == "binary":
    sys.stdout.buffer.write(b"\xff\xfe loss \n")
    report(epoch=2, loss=args.x / 2)
if args.fault == "flood":
    line = "x" * 999 + "\n"
    for _ in range(100_000):
        sys.stdout.write(line)
    report(epoch=2, loss=args.x / 2)
