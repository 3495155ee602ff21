"""What runs in the training job of a trial: its command, under the folders of the container. Standard library alone.

Framework images hold whatever they hold; nothing of ours but this and the reporter is imported there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ML = "/opt/ml"
# Channel and file that hold the command of a leg.
CHANNEL = "leg"
FILE = "leg.json"
END = "[tune-end]: "
# Stands for the interpreter that runs this.
PYTHON = "{python}"


def main() -> int:
    """Run the leg; its exit code. The last line printed says the code: by it one knows that all lines have come."""
    root = os.environ.get("HPO_ML_ROOT", ML)
    leg = json.loads((Path(root) / "input" / "data" / CHANNEL / FILE).read_text())
    for name, text in leg["files"].items():
        place = Path(_here(name, root))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_here(text, root))
    for folder in ("work", "checkpoints"):
        (Path(root) / folder).mkdir(parents=True, exist_ok=True)
    command = [sys.executable if word == PYTHON else _here(word, root) for word in leg["command"]]
    child = subprocess.Popen(command, cwd=Path(root) / "work")
    signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
    code = child.wait()
    print(f"\n{END}{code}", flush=True)
    return code if code >= 0 else 128 - code


def _here(text: str, root: str) -> str:
    return text if root == ML else text.replace(f"{ML}/", f"{root}/")


if __name__ == "__main__":
    sys.exit(main())
