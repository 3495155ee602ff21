"""A real container registry on this machine, with a password: what lies behind the emulated ECR."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

import requests

from harness.errors import EnvironmentFault

USER = "AWS"
NEEDED = ("docker-registry", "htpasswd")
PATIENCE = 30
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)

CONFIG = """version: 0.1
log: {{level: warn}}
storage: {{filesystem: {{rootdirectory: "{folder}/data"}}, delete: {{enabled: true}}}}
http: {{addr: "{address}"}}
auth: {{htpasswd: {{realm: emulator, path: "{folder}/htpasswd"}}}}
"""


def missing_programs() -> list[str]:
    """Programs of Debian's packages docker-registry and apache2-utils that are not installed."""
    return [name for name in NEEDED if shutil.which(name) is None]


class Registry:
    """A running registry that keeps its images in `folder`. EnvironmentFault where it does not start.

    Attributes:
        address: host and port; engines take loopback addresses without TLS.
        login: user name and password, drawn anew at each start.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.login = {"username": USER, "password": secrets.token_hex(16)}
        folder.mkdir(parents=True, exist_ok=True)
        words = ["htpasswd", "-Bbc", str(folder / "htpasswd"), USER, self.login["password"]]
        subprocess.run(words, check=True, capture_output=True)
        config = folder / "registry.yml"
        config.write_text(CONFIG.format(folder=folder, address=self.address))
        with open(folder / "registry.log", "wb") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(config)], stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._await(folder / "registry.log")
        except BaseException:
            self.close()
            raise

    def _await(self, log: Path) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://{self.address}/v2/", timeout=5)
                return
            time.sleep(0.02)
        raise EnvironmentFault(f"docker-registry does not start: {log.read_text(errors='replace')[-500:].strip()}")

    def digest(self, name: str, reference: str) -> str | None:
        """Digest of a tag (or of a digest that is there), asked for at the registry itself; None where it has none."""
        answer = self._manifest("HEAD", name, reference)
        return answer.headers["Docker-Content-Digest"] if answer.status_code == 200 else None

    def manifest(self, name: str, reference: str) -> tuple[str, str, str] | None:
        """Text, media type and digest of a manifest."""
        answer = self._manifest("GET", name, reference)
        if answer.status_code != 200:
            return None
        return answer.text, answer.headers["Content-Type"], answer.headers["Docker-Content-Digest"]

    def _manifest(self, method: str, name: str, reference: str) -> requests.Response:
        url = f"http://{self.address}/v2/{name}/manifests/{reference}"
        login = (USER, self.login["password"])
        return requests.request(method, url, auth=login, headers={"Accept": ", ".join(MANIFESTS)}, timeout=PATIENCE)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
