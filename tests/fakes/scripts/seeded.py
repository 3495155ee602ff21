"""A training script with a checkpoint and one fault, which `--fault` names; without it, it is sound."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from harness.reporter import Reporter, writing

parser = argparse.ArgumentParser()
for name, kind in {"x": float, "epochs": int, "word": str, "fault": str, "st_checkpoint_dir": Path}.items():
    parser.add_argument(f"--{name}", type=kind, required=True)
parser.add_argument("--delay", type=float)
args = parser.parse_args()
fault = args.fault

checkpoint = args.st_checkpoint_dir / "epoch.txt"
done = int(checkpoint.read_text()) if checkpoint.exists() and fault != "resume from 1" else 0
resumed = done > 0
reporter = Reporter()


CHANGES = {
    "wrong metric": lambda epoch, loss: {"epoch": epoch, "val_loss": loss},
    "metric is text": lambda epoch, loss: {"epoch": epoch, "loss": str(loss)},
    "nan": lambda epoch, loss: {"epoch": epoch, "loss": float("nan")},
    "infinite": lambda epoch, loss: {"epoch": epoch, "loss": float("inf")},
    "no resource": lambda epoch, loss: {"loss": loss},
    "wrong resource": lambda epoch, loss: {"step": epoch, "loss": loss},
    "counts from 0": lambda epoch, loss: {"epoch": epoch - 1, "loss": loss},
    "constant level": lambda epoch, loss: {"epoch": 1, "loss": loss},
    "reserved name": lambda epoch, loss: {"epoch": epoch, "st_loss": loss},
    "resume forgets": lambda epoch, loss: {"epoch": epoch, "loss": loss + resumed},
    "chance from epoch 2 on": lambda epoch, loss: {"epoch": epoch, "loss": loss + (epoch > 1) * os.getpid()},
}


def report(epoch: int, loss: float) -> None:
    record = CHANGES.get(fault, lambda epoch, loss: {"epoch": epoch, "loss": loss})(epoch, loss)
    if fault == "plain print":
        print(f"epoch {epoch} loss {loss}")
    elif fault != "no report":
        reporter(**record)


if fault == "missing dependency":
    import a_package_that_nobody_has  # noqa: F401
if fault == "splits blanks":
    parser.parse_args(" ".join(sys.argv[1:]).split(" "))
if fault == "exit code":
    sys.exit(3)
if fault == "killed":
    os.kill(os.getpid(), 9)
if fault == "hangs":
    time.sleep(3600)
if fault == "orphan":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
if fault == "daemon":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True)
if fault == "flood":
    for _ in range(2000):
        print("x" * 999)

last = {"ignores its end": 9, "ends early": min(args.epochs, 1)}.get(fault, args.epochs)
for epoch in range(done + 1, last + 1):
    if fault == "no checkpoint":
        pass
    elif fault == "half a checkpoint":
        (args.st_checkpoint_dir / "epoch.txt.tmp").write_text(str(epoch))
        checkpoint.write_text(str(epoch))
    else:
        with writing(str(checkpoint)) as file:
            Path(file).write_text("garbage" if fault == "broken checkpoint" else str(epoch))
    report(epoch, (args.x - 0.3) ** 2 + 1 / epoch)
if fault == "fails at the end":
    raise RuntimeError("could not say goodbye")
if fault == "never ends":
    time.sleep(3600)
