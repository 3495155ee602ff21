"""Learns in no time: reports `acc` = 1 - lr / epoch for each epoch, goes on from its checkpoint, takes `--delay` s."""

import argparse
import time
from pathlib import Path

from harness.reporter import Reporter, writing

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--delay", type=float, default=0.0)
parser.add_argument("--st_checkpoint_dir", type=Path, required=True)
args = parser.parse_args()

checkpoint = args.st_checkpoint_dir / "epoch.txt"
done = int(checkpoint.read_text()) if checkpoint.exists() else 0
report = Reporter()
for epoch in range(done + 1, args.epochs + 1):
    time.sleep(args.delay)
    with writing(str(checkpoint)) as file:
        Path(file).write_text(str(epoch))
    report(epoch=epoch, acc=1 - args.lr / epoch)
