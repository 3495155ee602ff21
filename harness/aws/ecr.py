"""Amazon's container registry: a repository, a login that lasts for hours, what is there already.

Addresses come from ECR's own answers and are never composed of account and region, so that partitions, endpoints and
emulators all work.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from harness.aws.client import client, faults

KEPT_IMAGES = 10
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "description": f"keep the last {KEPT_IMAGES} images",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES},
            "action": {"type": "expire"},
        }
    ]
}


class Ecr:
    """The registry of the caller's account and region. Methods raise EnvironmentFault for what AWS refuses."""

    def __init__(self) -> None:
        self._client: Any = client("ecr")

    def repository(self, name: str) -> str:
        """Address of the repository; made where it is missing, scanned on push, its old images expiring."""
        with faults(f"the ECR repository {name}"):
            try:
                found = self._client.describe_repositories(repositoryNames=[name])["repositories"][0]
            except self._client.exceptions.RepositoryNotFoundException:
                scan = {"scanOnPush": True}
                found = self._client.create_repository(repositoryName=name, imageScanningConfiguration=scan)[
                    "repository"
                ]
                self._client.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(LIFECYCLE))
        address: str = found["repositoryUri"]
        return address

    def login(self) -> Mapping[str, str]:
        """User name and password for the registry; nothing is written to a file."""
        with faults("a login to ECR"):
            token = self._client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        username, _, password = base64.b64decode(token).decode().partition(":")
        return {"username": username, "password": password}

    def digest(self, name: str, tag: str) -> str | None:
        """Digest of the image that has the tag, None where there is none."""
        with faults(f"the ECR image {name}:{tag}"):
            try:
                found = self._client.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])
            except self._client.exceptions.ImageNotFoundException:
                return None
        digest: str = found["imageDetails"][0]["imageDigest"]
        return digest
