"""What is lacking is one clear line with its exit code, and nothing is half launched; no secret leaves this machine."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.aws.launching import BUCKET

SECRET = "planted-3cr3t"


@pytest.fixture
def refused(launching):
    """Launch a manifest that must fail with the code, in a line that holds the words."""

    def refused(code, *words, options=(), **settings):
        manifest = launching.manifest(**settings)
        found, out, err = launching.remote(manifest, *options)
        lines = [line for line in err.splitlines() if line.startswith("error: ")]
        assert found == code and len(lines) == 1 and all(word in lines[0] for word in words), out + err
        assert "Traceback" not in err
        assert not launching.jobs(manifest) and not launching.folders(manifest)
        assert not launching.aws.calls.find("sagemaker", "Create*")

    return refused


def test_no_credentials(refused, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    refused(3, "no AWS credentials found")


def test_no_region(refused, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    refused(3, "no AWS region is set")


def test_no_such_role(refused):
    refused(3, "there is no role 'nobody'", sagemaker_execution_role="nobody")


def test_no_role_at_all(refused, monkeypatch):
    monkeypatch.delenv("SAGEMAKER_ROLE", raising=False)
    refused(3, "no role for SageMaker jobs is named", sagemaker_execution_role=None)


def test_no_such_bucket(refused):
    refused(3, "there is no bucket 'not-there'", s3_bucket="not-there")


def test_a_bucket_of_another_region(refused, launching):
    import boto3

    s3 = boto3.client("s3", region_name="eu-west-1")
    s3.create_bucket(Bucket="in-ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.close()
    refused(3, "the bucket in-ireland is in eu-west-1", "us-west-2", s3_bucket="in-ireland")


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_no_network(refused, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    refused(3, "AWS cannot be reached", "http://127.0.0.1:9/")


class Page(BaseHTTPRequestHandler):
    """What a proxy on the way to AWS may answer."""

    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><h1>Please log in</h1>")

    def log_message(self, *_):
        """Nobody looks."""


def test_an_answer_that_is_not_of_aws(refused, monkeypatch):
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        refused(3, "is not AWS")
        server.shutdown()
        thread.join()


def test_forbidden(refused, launching):
    launching.aws.faults.add(service="sts", code="AccessDenied", message="User is not authorized", status=403)
    refused(3, "AccessDenied", "not authorized")


@pytest.mark.parametrize("setting", ["instance_type", "fallback_instance_types"])
def test_types_that_aws_does_not_have(refused, launching, setting):
    value = ["ml.c5.xlarge", "ml.c5.xlrge"] if setting == "instance_type" else "ml.c5.xlrge"
    refused(2, f"{setting} = ml.c5.xlrge", "did you mean 'ml.c5.xlarge'", **{setting: value})
    assert not launching.aws.calls.find(), "AWS is not even asked"


def test_a_key_that_aws_does_not_take(refused):
    refused(2, "OutputDataConfig.KmsKeyId", kms_key="x" * 3000)


def test_beyond_the_budget(refused):
    refused(2, "budget_usd = 0.01", "may cost up to", budget_usd=0.01)


@pytest.mark.parametrize("text", ["[", '"ml.m4.xlarge" = "dear"', '"ml.m4.xlarge" = -1', '"ml.m4.xlarge" = nan', None])
def test_prices_that_cannot_be_read(refused, tmp_path, text):
    path = tmp_path / "prices.toml"
    if text is not None:
        path.write_text(text)
    refused(2, "--prices", options=["--prices", path])


@pytest.mark.timeout(200)
def test_secrets_stay_here(launching, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"{SECRET}-token")
    monkeypatch.setenv("HF_TOKEN", f"{SECRET}-of-another")
    beside = launching.script.parent
    (beside / ".env").write_text(SECRET)
    (beside / ".git").mkdir()
    (beside / ".git" / "config").write_text(SECRET)
    data = tmp_path / "data"
    (data / ".cache").mkdir(parents=True)
    (data / "rows.csv").write_text("1,2")
    (data / ".cache" / "token").write_text(SECRET)
    launching.script.write_text(
        launching.script.read_text().replace(
            '"st_checkpoint_dir": str', '"st_checkpoint_dir": str, "dataset_path": str'
        )
    )
    manifest = launching.manifest(dataset_path=str(data))
    code, out, err = launching.remote(manifest, "--wait")
    assert code == 0, out + err
    assert SECRET not in out + err + launching.run("logs", manifest)[1]
    sent = [call for call in launching.aws.calls.find() if SECRET in json.dumps(call.body, default=str)]
    assert not sent
    keys = [item["Key"] for item in launching.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert any(key.endswith("rows.csv") for key in keys) and any(key.endswith("/train.py") for key in keys)
    for key in keys:
        content = launching.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        content = gzip.decompress(content) if key.endswith(".gz") else content
        assert SECRET.encode() not in content, key
    for path in launching.root.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
