"""The image to a registry, by ECR's own flow against emulated AWS, and to any other; the registry is a real one."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import tarfile

import pytest

from harness.__main__ import main
from harness.runtime.engine import Engine

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

TAG = "c-0123456789abcdef"
IMAGE = f"hpo-harness-test:{TAG}"


@pytest.fixture
def registry(emulator):
    assert emulator.registry is not None, "these tests need Debian's packages docker-registry and apache2-utils"
    return emulator.registry


@pytest.fixture
def engine():
    with contextlib.closing(Engine.connect()) as engine:
        yield engine


@pytest.fixture
def image(engine, registry, monkeypatch):
    """A small image in place of the real one, whose build is tested elsewhere; all its names are gone afterwards."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("file")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"text"))
    archive.seek(0)
    engine.import_image(archive, *IMAGE.split(":"))
    monkeypatch.setattr("harness.runtime.push.ensure_image", lambda *_: IMAGE)
    yield IMAGE
    engine._api.remove_image(engine.image(IMAGE)["Id"], force=True)


@pytest.fixture(autouse=True)
def secret(aws, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No login of the user's serves, and none is written."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def push(capsys, *words):
    code = main(["image", "push", *words])
    output = capsys.readouterr()
    return code, output.out, output.err


def asked(aws):
    return [call.operation for call in aws.calls.find("ecr")]


def test_to_ecr_once(image, aws, registry, home, capsys):
    code, out, err = push(capsys, "--repository", "team/harness")
    digest = registry.digest("team/harness", TAG)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"{registry.address}/team/harness@{digest}"
    expected = ["DescribeRepositories", "CreateRepository", "PutLifecyclePolicy", "DescribeImages"]
    assert asked(aws) == [*expected, "GetAuthorizationToken"]

    aws.calls.clear()
    code, again, _ = push(capsys, "--repository", "team/harness")
    assert (code, again.splitlines()[-1]) == (0, out.splitlines()[-1])
    assert "is there already" in again and asked(aws) == ["DescribeRepositories", "DescribeImages"]
    assert not list(home.iterdir()), "no login is written to a file"
    assert "secret" not in out + again and registry.login["password"] not in out + again


def test_what_was_pushed_can_be_pulled_by_its_digest(image, aws, registry, engine, capsys):
    reference = push(capsys, "--repository", "pulled")[1].splitlines()[-1]
    engine.remove_image(f"{registry.address}/pulled:{TAG}", parents=False)
    engine.pull(reference, registry.login)
    assert engine.image(reference)["RootFS"] == engine.image(image)["RootFS"]


def test_a_wrong_password_is_one_line_and_a_remedy(image, aws, registry, monkeypatch, capsys):
    with monkeypatch.context() as changed:
        changed.setitem(registry.login, "password", "wrong")
        code, _, err = push(capsys, "--repository", "refused")
    assert code == 3
    assert len(err.strip().splitlines()) == 2 and "does not let us push" in err and "docker login" in err
    assert registry.digest("refused", TAG) is None


def test_to_any_registry_with_the_stored_login(image, registry, engine, home, capsys):
    code, _, err = push(capsys, "--repository", f"{registry.address}/own")
    assert code == 3 and "docker login" in err, "nobody is logged in yet"
    config = home / "docker" / "config.json"
    config.parent.mkdir()
    login = base64.b64encode(":".join(registry.login.values()).encode()).decode()
    config.write_text(json.dumps({"auths": {registry.address: {"auth": login}}}))
    for said in ("pushing", "is there already"):
        code, out, err = push(capsys, "--repository", f"{registry.address}/own")
        assert (code, err) == (0, "") and said in out
    assert registry.digest("own", TAG) in out


def test_without_credentials_one_line_says_so(image, monkeypatch, capsys):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, _, err = push(capsys)
    assert code == 3 and err.splitlines()[0].endswith("no AWS credentials found")
