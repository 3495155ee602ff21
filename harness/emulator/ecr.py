"""ECR's answers that depend on images: moto keeps repositories, but no images."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

from harness.emulator.refusal import Refusal
from harness.emulator.registry import Registry

ADDRESS = re.compile(rb"\d+\.dkr\.ecr\.[\w-]+\.amazonaws\.com(\.cn)?")
TOKEN_SECONDS = 12 * 3600


class Ecr:
    """Args:
    registry: None where there is none: what needs images is refused.
    """

    OPERATIONS = ("GetAuthorizationToken", "DescribeImages", "BatchGetImage")

    def __init__(self, registry: Registry | None) -> None:
        self._registry = registry

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """One of `OPERATIONS`."""
        if self._registry is None:
            raise Refusal("ServerException", "the emulator has no registry: docker-registry is not installed")
        if operation == "GetAuthorizationToken":
            return _token(self._registry)
        found = [self._image(self._registry, body["repositoryName"], wanted) for wanted in body.get("imageIds", ())]
        there = [image for image in found if image is not None]
        if operation == "BatchGetImage":
            failed = [wanted for wanted, image in zip(body["imageIds"], found, strict=True) if image is None]
            failures = [
                {"imageId": wanted, "failureCode": "ImageNotFound", "failureReason": "no such image"}
                for wanted in failed
            ]
            return {"images": there, "failures": failures}
        if not there or len(there) < len(found):
            raise Refusal("ImageNotFoundException", f"no such image in the repository {body['repositoryName']}")
        return {"imageDetails": [_details(image) for image in there]}

    def _image(self, registry: Registry, name: str, wanted: dict[str, str]) -> dict[str, Any] | None:
        manifest = registry.manifest(name, wanted.get("imageDigest") or wanted["imageTag"])
        if manifest is None:
            return None
        text, media_type, digest = manifest
        identity = {**wanted, "imageDigest": digest}
        return {
            "repositoryName": name,
            "imageId": identity,
            "imageManifest": text,
            "imageManifestMediaType": media_type,
        }

    def with_our_address(self, answer: bytes) -> bytes:
        """An answer of moto with the registry in place of the address that the account would have on AWS."""
        return answer if self._registry is None else ADDRESS.sub(self._registry.address.encode(), answer)


def _token(registry: Registry) -> dict[str, Any]:
    text = f"{registry.login['username']}:{registry.login['password']}"
    entry = {
        "authorizationToken": base64.b64encode(text.encode()).decode(),
        "expiresAt": time.time() + TOKEN_SECONDS,
        "proxyEndpoint": f"http://{registry.address}",
    }
    return {"authorizationData": [entry]}


def _details(image: dict[str, Any]) -> dict[str, Any]:
    identity = image["imageId"]
    shown = {"repositoryName": image["repositoryName"], "imageDigest": identity["imageDigest"]}
    return {**shown, "imageTags": [identity["imageTag"]]} if "imageTag" in identity else shown
