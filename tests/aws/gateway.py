"""AWS at the wire, on this machine: moto, behind a layer that gives ECR a real registry for its images.

moto keeps ECR's repositories, but no images: tokens, addresses and what lies under a tag come from here.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.aws.registry import PASSWORD, USER, Registry

ECR = "AmazonEC2ContainerRegistry_V20150921."
ADDRESS = re.compile(rb"\d+\.dkr\.ecr\.[\w.-]+")


class Gateway:
    """A WSGI application. `calls` holds the ECR operations that were asked for, in order."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._moto = DomainDispatcherApplication(create_backend_app)
        self.calls: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith(ECR):
            return self._moto(environ, start)
        operation = target.removeprefix(ECR)
        self.calls.append(operation)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        own = {"GetAuthorizationToken": self._token, "DescribeImages": self._images}.get(operation)
        if own is not None:
            status, answer = own(json.loads(body or b"{}"))
            text = json.dumps(answer).encode()
            start(status, [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(text)))])
            return [text]
        environ["wsgi.input"] = io.BytesIO(body)
        return self._with_our_address(environ, start)

    def _token(self, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        entry = {
            "authorizationToken": token,
            "expiresAt": time.time() + 12 * 3600,
            "proxyEndpoint": f"http://{self._registry.address}",
        }
        return "200 OK", {"authorizationData": [entry]}

    def _images(self, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        name, tag = request["repositoryName"], request["imageIds"][0]["imageTag"]
        digest = self._registry.digest(name, tag)
        if digest is None:
            return "400 Bad Request", {"__type": "ImageNotFoundException", "message": f"no image {tag} in {name}"}
        return "200 OK", {"imageDetails": [{"repositoryName": name, "imageDigest": digest, "imageTags": [tag]}]}

    def _with_our_address(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        answered: list[Any] = []
        body = b"".join(self._moto(environ, lambda *given: answered.append(given)))
        body = ADDRESS.sub(self._registry.address.encode(), body)
        status, headers, *_ = answered[0]
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]


@contextlib.contextmanager
def serving(gateway: Gateway) -> Iterator[str]:
    """Address of the gateway, while it runs."""
    server = make_server("127.0.0.1", 0, gateway, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()
