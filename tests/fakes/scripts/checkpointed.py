"""The learning curve of `curve.py`, with a checkpoint before every report; goes on from it."""

import argparse
import os
import time
from pathlib import Path

from harness.reporter import Reporter, writing

parser = argparse.ArgumentParser()
for name, kind in {"x": float, "epochs": int, "delay": float, "fault": str, "st_checkpoint_dir": Path}.items():
    parser.add_argument(f"--{name}", type=kind, required=True)
args, _ = parser.parse_known_args()

checkpoint = args.st_checkpoint_dir / "epoch.txt"
done = int(checkpoint.read_text()) if checkpoint.exists() else 0
report = Reporter()
for epoch in range(done + 1, args.epochs + 1):
    time.sleep(args.delay)
    if args.fault == "killed once" and epoch == 2 and not Path("killed").exists():
        Path("killed").touch()
        os.kill(os.getpid(), 9)
    if args.fault == "killed always" and epoch == 2:
        os.kill(os.getpid(), 9)
    with writing(str(checkpoint)) as file:
        Path(file).write_text(str(epoch))
    report(epoch=epoch, loss=(args.x - 0.3) ** 2 + 1 / epoch)
