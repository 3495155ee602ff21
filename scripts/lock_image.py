"""Write docker/requirements.lock and docker/torch.lock: the exact versions that the image holds.

    .venv/bin/python scripts/lock_image.py        (make lock)

The newest versions that pyproject.toml allows, resolved for the image's platform, whatever this machine is. Each comes
with the hashes of all its Linux wheels, so that another machine, processor or Python gets the very same files. PyTorch
stands apart and has none: its builds (CPU, CUDA) come from different indexes, and which one is pip's configuration's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from harness.runtime.wheels import Target

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("gpsearchers", "benchmarks", "blackbox")
# Debian 12, the image's default base.
TARGET = Target(python="3.11", machine="x86_64", glibc=36)
# Python 3.11 or newer, on Linux with glibc.
WHEEL = re.compile(r"-(py3|py2\.py3|cp3\d-abi3|cp31[1-9]-cp31[1-9])-(any|none-any|(none-)?manylinux\S*)\.whl$")
HEADER = "# Made by scripts/lock_image.py from pyproject.toml; do not edit.\n"


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    # A loop that runs on SageMaker starts trials there; it drives no Docker engine.
    wanted += [line for line in project["optional-dependencies"]["remote"] if line.startswith("boto3")]
    versions = dict(sorted(_resolve(wanted).items(), key=lambda item: item[0].lower()))
    torch = versions.pop("torch")
    entries = [_entry(name, version) for name, version in versions.items()]
    (ROOT / "docker" / "requirements.lock").write_text(HEADER + "\n".join(entries) + "\n")
    (ROOT / "docker" / "torch.lock").write_text(f"{HEADER}torch=={torch}\n")
    return 0


def _resolve(requirements: list[str]) -> dict[str, str]:
    """Name -> version of everything that pip would install."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--report", str(report), "--target", folder, *TARGET.pip_arguments(), *requirements]
        subprocess.run(command, check=True)
        installs = json.loads(report.read_text())["install"]
    found = [(item["metadata"]["name"], item["metadata"]["version"]) for item in installs]
    # Of a CUDA build its libraries would be listed too; they come and go with the build and are not locked.
    return {name: version.split("+")[0] for name, version in found if not name.startswith(("nvidia-", "triton"))}


def _entry(name: str, version: str) -> str:
    hashes = sorted(_hashes(name, version))
    if not hashes:
        raise SystemExit(f"the index lists no wheel of {name} {version}")
    return " \\\n".join([f"{name}=={version}", *(f"    --hash=sha256:{value}" for value in hashes)])


def _hashes(name: str, version: str) -> Iterator[str]:
    request = urllib.request.Request(
        f"{_index()}/{re.sub(r'[-_.]+', '-', name).lower()}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request) as answer:
        files = json.load(answer)["files"]
    start = f"{re.sub(r'[-_.]+', '_', name)}-{version}-".lower()
    for file in files:
        filename = file["filename"]
        if _normal(filename).startswith(start) and WHEEL.search(filename):
            yield file["hashes"]["sha256"]


def _normal(filename: str) -> str:
    name, _, rest = filename.partition("-")
    return f"{re.sub(r'[-_.]+', '_', name)}-{rest}".lower()


def _index() -> str:
    """The package index that pip is configured with, else pip's default."""
    configured = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    ).stdout.strip()
    if found := os.environ.get("PIP_INDEX_URL") or configured:
        return found.rstrip("/")
    from pip._internal.models.index import PyPI

    return PyPI.simple_url.rstrip("/")


if __name__ == "__main__":
    raise SystemExit(main())
