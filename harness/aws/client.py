"""Clients of AWS services, and what AWS refuses as our faults. boto3 is imported when a client is made, not before."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from harness.errors import EnvironmentFault

# Waits between attempts adapt to throttling (botocore's "adaptive" mode). A quota stays an error, for us to wait for.
ATTEMPTS = 10


def client(service: str) -> Any:
    """A boto3 client; every one honours AWS_ENDPOINT_URL. EnvironmentFault without boto3 or a region."""
    try:
        from boto3.session import Session
        from botocore.config import Config
    except ImportError as error:
        hint = "pip install 'hpo-harness[remote]'"
        raise EnvironmentFault("the Python package `boto3` is not installed", hint=hint) from error
    with faults(service):
        # A session of its own: the package's default one keeps the credentials of the first call for ever.
        return Session().client(service, config=Config(retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS}))


@contextlib.contextmanager
def faults(subject: str) -> Iterator[None]:
    """What botocore raises, as one line and a remedy."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        hint = "`aws configure`, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise EnvironmentFault("no AWS credentials found", hint=hint) from error
    except exceptions.NoRegionError as error:
        raise EnvironmentFault("no AWS region is set", hint="set AWS_DEFAULT_REGION, e.g. us-west-2") from error
    except exceptions.ClientError as error:
        said = error.response.get("Error", {})
        raise EnvironmentFault(f"AWS refuses {subject}: {said.get('Code')}: {said.get('Message')}") from error
    except ResponseParserError as error:
        message = f"what answers to {subject} is not AWS"
        raise EnvironmentFault(message, hint="a proxy on the way, or AWS_ENDPOINT_URL?") from error
    except exceptions.BotoCoreError as error:
        raise EnvironmentFault(f"AWS cannot be reached ({subject}): {error}") from error
