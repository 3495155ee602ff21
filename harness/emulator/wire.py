"""HTTP requests and answers of AWS: which operation of which service a request asks for, how errors are written."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from harness.emulator.refusal import Refusal

Answer = tuple[str, list[tuple[str, str]], bytes]

TARGETS = {
    "SageMaker": "sagemaker",
    "Logs_20140328": "logs",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "ServiceQuotasV20190624": "service-quotas",
}
SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
# Of S3, the method and what the query has beside it tell; the first that fits.
ON_OBJECTS = [
    ("PUT", "partNumber", "UploadPart"),
    ("PUT", "", "PutObject"),
    ("POST", "uploads", "CreateMultipartUpload"),
    ("POST", "uploadId", "CompleteMultipartUpload"),
    ("GET", "", "GetObject"),
    ("HEAD", "", "HeadObject"),
    ("DELETE", "uploadId", "AbortMultipartUpload"),
    ("DELETE", "", "DeleteObject"),
]
ON_BUCKETS = [
    ("GET", "list-type", "ListObjectsV2"),
    ("GET", "", "ListObjects"),
    ("HEAD", "", "HeadBucket"),
    ("PUT", "", "CreateBucket"),
    ("DELETE", "", "DeleteBucket"),
    ("POST", "delete", "DeleteObjects"),
]


@dataclass(frozen=True)
class Call:
    """A request. `body`: its parameters; of S3 the bucket and key alone."""

    service: str
    operation: str
    body: dict[str, Any]
    method: str = "POST"
    time: float = field(default_factory=time.time)


def read_call(environ: Mapping[str, Any]) -> tuple[Call, bytes]:
    """The call that a WSGI request is, and its bytes, which are read to the end."""
    chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "")
    size = -1 if chunked else int(environ.get("CONTENT_LENGTH") or 0)
    raw: bytes = environ["wsgi.input"].read(size)
    method = environ["REQUEST_METHOD"]
    prefix, dot, operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = scope[1] if scope else "s3"
    if dot:
        return Call(TARGETS.get(prefix, service), operation, _json(raw), method), raw
    if service == "s3":
        bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        return Call(service, _s3_operation(method, bucket, key, query), {"Bucket": bucket, "Key": key}, method), raw
    form = dict(parse_qsl(raw.decode("utf-8", "replace")))
    return Call(service, form.pop("Action", ""), form, method), raw


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _s3_operation(method: str, bucket: str, key: str, query: Mapping[str, str]) -> str:
    if not bucket:
        return "ListBuckets"
    table = ON_OBJECTS if key else ON_BUCKETS
    return next((name for verb, word, name in table if verb == method and (not word or word in query)), method)


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    raw = json.dumps(body).encode()
    head = {"Content-Type": "application/x-amz-json-1.1", "Content-Length": str(len(raw)), **(headers or {})}
    return f"{status} {'OK' if status < 300 else 'Error'}", list(head.items()), raw


def error_answer(refusal: Refusal, call: Call) -> Answer:
    """The error in the format of the service: JSON, or XML of either kind."""
    if call.service in TARGETS.values():
        body = {"__type": refusal.code, "message": str(refusal)}
        return json_answer(body, refusal.status, {"x-amzn-ErrorType": refusal.code})
    error = f"<Error><Code>{refusal.code}</Code><Message>{refusal}</Message></Error>"
    text = error if call.service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    raw = b"" if call.method == "HEAD" else text.encode()
    return f"{refusal.status} Error", [("Content-Type", "text/xml"), ("Content-Length", str(len(raw)))], raw
