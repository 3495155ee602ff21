"""Prints what no log reader likes, then one report: `--what` bytes, flood:MEGABYTES or endless:MEGABYTES (one line)."""

import argparse
import sys

from harness.reporter import Reporter

parser = argparse.ArgumentParser()
parser.add_argument("--what", required=True)
what, _, megabytes = parser.parse_known_args()[0].what.partition(":")

out = sys.stdout.buffer
if what == "bytes":
    out.write(b'caf\xe9 \xff\xfe\x00 [tune-metric]: {"acc": \xff}\n')
    sys.stderr.buffer.write(b"warning: \xc3( is no UTF-8\n")
line = b"x" * 999 + (b"\n" if what == "flood" else b" ")
for _ in range(int(megabytes or 0)):
    out.write(line * 1000)
out.flush()
Reporter()(epoch=1, acc=0.5)
