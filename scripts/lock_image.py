"""Write docker/requirements.lock: the exact versions that the image holds, newest that pyproject.toml allows.

    .venv/bin/python scripts/lock_image.py

Resolves for the image's platform, whatever this machine is. The build of PyTorch (CPU or CUDA) is not part of the
lock: pip's own configuration decides where wheels come from.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from harness.runtime.wheels import Target

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("gpsearchers", "benchmarks", "blackbox")
# Debian 12, the image's default base.
TARGET = Target(python="3.11", machine="x86_64", glibc=36)


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    lines = sorted(_resolve(wanted), key=str.lower)
    header = "# Made by scripts/lock_image.py from pyproject.toml; do not edit.\n"
    (ROOT / "docker" / "requirements.lock").write_text(header + "\n".join(lines) + "\n")
    return 0


def _resolve(requirements: list[str]) -> list[str]:
    """`name==version` of everything that pip would install."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--report", str(report), "--target", folder, *TARGET.pip_arguments(), *requirements]
        subprocess.run(command, check=True)
        installs = json.loads(report.read_text())["install"]
    found = [(item["metadata"]["name"], item["metadata"]["version"]) for item in installs]
    # Of a CUDA build its libraries would be listed too; they come and go with the build and are not locked.
    return [f"{name}=={version.split('+')[0]}" for name, version in found if not name.startswith(("nvidia-", "triton"))]


if __name__ == "__main__":
    raise SystemExit(main())
