"""The training script learns, and goes on after a pause as if there had been none: `python -m pytest @FOLDER@`."""

import subprocess
import sys
from pathlib import Path

from harness.reporter import parse

SCRIPT = Path(__file__).with_name("train.py")
CONFIG = {"learning_rate": 3.0, "weight_decay": 1e-6, "batch_size": 16}


def accuracies(epochs: int, **more: object) -> dict[int, float]:
    words = [word for name, value in {**CONFIG, "epochs": epochs, **more}.items() for word in (f"--{name}", str(value))]
    output = subprocess.run([sys.executable, SCRIPT, *words], check=True, capture_output=True, text=True).stdout
    reports = [report for line in output.splitlines() if (report := parse(line))]
    return {report["epoch"]: report["accuracy"] for report in reports}


def test_training_helps() -> None:
    curve = accuracies(5)
    assert list(curve) == [1, 2, 3, 4, 5]
    assert curve[5] > max(curve[1], 0.5)


def test_a_resumed_training_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    first = accuracies(2, st_checkpoint_dir=tmp_path)
    assert first | accuracies(4, st_checkpoint_dir=tmp_path) == accuracies(4)
