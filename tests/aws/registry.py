"""A real container registry on this machine, with a password: the data plane of the emulated ECR."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

USER, PASSWORD = "AWS", "the-token"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

CONFIG = """version: 0.1
storage: {{filesystem: {{rootdirectory: "{folder}/data"}}, delete: {{enabled: true}}}}
http: {{addr: "{address}"}}
auth: {{htpasswd: {{realm: test, path: "{folder}/htpasswd"}}}}
"""


@dataclass(frozen=True)
class Registry:
    """`address`: host and port; the engine takes loopback addresses without TLS."""

    address: str

    def digest(self, name: str, tag: str) -> str | None:
        """Digest of a tag, asked for at the registry itself; None where it has none."""
        url = f"http://{self.address}/v2/{name}/manifests/{tag}"
        answer = requests.head(url, auth=(USER, PASSWORD), headers={"Accept": MANIFEST}, timeout=30)
        return answer.headers["Docker-Content-Digest"] if answer.status_code == 200 else None


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Registry]:
    if shutil.which("docker-registry") is None or shutil.which("htpasswd") is None:
        pytest.fail("these tests need Debian's packages docker-registry and apache2-utils")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        registry = Registry(f"127.0.0.1:{probe.getsockname()[1]}")
    subprocess.run(["htpasswd", "-Bbc", folder / "htpasswd", USER, PASSWORD], check=True, capture_output=True)
    config = folder / "registry.yml"
    config.write_text(CONFIG.format(folder=folder, address=registry.address))
    with open(folder / "registry.log", "wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
    try:
        _await(registry, process)
        yield registry
    finally:
        process.terminate()
        process.wait(30)


def _await(registry: Registry, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"http://{registry.address}/v2/", timeout=5)
            return
        time.sleep(0.05)
    raise RuntimeError("the registry does not start")
