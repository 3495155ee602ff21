"""The curve of `curve.py`, with a checkpoint of 300 kB that grows by as much with every epoch."""

import argparse
from pathlib import Path

from harness.reporter import Reporter, writing

parser = argparse.ArgumentParser()
for name, kind in {"x": float, "epochs": int, "st_checkpoint_dir": Path}.items():
    parser.add_argument(f"--{name}", type=kind, required=True)
args, _ = parser.parse_known_args()

checkpoint = args.st_checkpoint_dir / "state"
done = checkpoint.stat().st_size // 300_000 if checkpoint.exists() else 0
report = Reporter()
for epoch in range(done + 1, args.epochs + 1):
    with writing(str(checkpoint)) as file:
        Path(file).write_bytes(b"x" * 300_000 * epoch)
    report(epoch=epoch, loss=(args.x - 0.3) ** 2 + 1 / epoch)
