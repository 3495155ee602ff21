"""Every source of a data set, with stand-ins at the lowest seam: a real HTTP server, real programs on PATH."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.datasets import DATASETS
from harness.datasets import Dataset, DebianPackage, locate, sources
from harness.datasets.verify import Verifier
from harness.errors import EnvironmentFault

CONTENTS = {"images.gz": b"pixels" * 1000, "labels": b"0123"}
SAMPLE = {"images.gz": b"pixels", "labels": b"0"}


def digests(contents):
    return {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}


def fill(folder: Path, contents=CONTENTS, level=9) -> Path:
    folder.mkdir(parents=True)
    for name, data in contents.items():
        (folder / name).write_bytes(gzip.compress(data, level) if name.endswith(".gz") else data)
    return folder


class Server:
    """Serves a folder; `gate` holds answers back while it is cleared."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.promise = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked.append(self.path)
                owner.gate.wait()
                path = folder / self.path.lstrip("/")
                if not path.is_file():
                    self.send_error(404)
                    return
                data = path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data) + owner.promise))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.gate.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "web")
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hpo-harness" / "datasets" / "toy"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """An empty PATH to put programs in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def toy(tmp_path, server, cache, programs):
    return Dataset(
        "toy",
        digests(CONTENTS),
        url=server.url,
        debian=DebianPackage("dataset-toy", str(tmp_path / "system")),
        samples={"a sample": digests(SAMPLE)},
    )


def install_apt(programs: Path, packed: Path, system: Path) -> None:
    """apt-get that knows a package only after `update` with the same private lists, and a dpkg-deb."""
    apt = f"""#!{sys.executable}
import pathlib, shutil, sys
lists = [pathlib.Path(word.split("=")[1]) for word in sys.argv if word.startswith("Dir::State::lists=")][0]
if sys.argv[-1] == "update":
    (lists / "index").touch()
elif (lists / "index").exists():
    shutil.copytree({str(packed)!r}, f"{{sys.argv[-1]}}_1_all.deb")
else:
    sys.exit("E: Unable to locate package")
"""
    dpkg = f"""#!{sys.executable}
import shutil, sys
shutil.copytree(sys.argv[2], sys.argv[3] + {str(system)!r})
"""
    for name, text in {"apt-get": apt, "dpkg-deb": dpkg}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)


def test_the_users_folder_is_taken_and_nowhere_else_is_looked(toy, tmp_path, cache, server):
    fill(cache)
    assert locate(toy, folder=str(fill(tmp_path / "mine"))) == tmp_path / "mine"
    (tmp_path / "mine" / "labels").unlink()
    with pytest.raises(EnvironmentFault, match="lacks labels") as caught:
        locate(toy, folder=str(tmp_path / "mine"))
    assert "--dataset_path" in caught.value.hint and not server.asked


def test_a_sample_counts_only_where_the_user_names_it(toy, tmp_path, capsys):
    folder = fill(tmp_path / "system", SAMPLE)
    assert locate(toy, folder=str(folder)) == folder
    assert "a sample" in capsys.readouterr().err
    with pytest.raises(EnvironmentFault, match="wrong checksum"):
        locate(toy)


def test_cache_then_system_then_download_then_debian(toy, tmp_path, cache, server, programs):
    install_apt(programs, fill(tmp_path / "packed"), tmp_path / "system")
    fill(tmp_path / "web", level=1)  # packed by somebody else
    fill(tmp_path / "system")
    fill(cache)
    assert locate(toy) == cache
    shutil.rmtree(cache)
    assert locate(toy) == tmp_path / "system" and not server.asked
    shutil.rmtree(tmp_path / "system")
    assert locate(toy) == cache
    assert (cache / "images.gz").read_bytes() == (tmp_path / "web" / "images.gz").read_bytes()
    shutil.rmtree(cache)
    shutil.rmtree(tmp_path / "web")
    assert locate(toy) == cache
    assert (cache / "images.gz").read_bytes() == (tmp_path / "packed" / "images.gz").read_bytes()
    assert not list(cache.parent.glob(".toy.fetch-*"))


def test_what_is_fetched_is_verified(toy, tmp_path, cache, server):
    fill(tmp_path / "web", {**CONTENTS, "labels": b"9999"})
    with pytest.raises(EnvironmentFault, match=r"download from .*: labels has the wrong checksum"):
        locate(toy)
    server.promise = 5
    with pytest.raises(EnvironmentFault, match="ended early"):
        locate(toy)
    assert not cache.exists()


def test_the_error_names_every_source_and_a_remedy(toy, tmp_path, cache):
    with pytest.raises(EnvironmentFault) as caught:
        locate(toy)
    lines = str(caught.value).splitlines()
    for line, source, reason in zip(
        lines[1:],
        [str(cache), str(tmp_path / "system"), f"download from {toy.url}", "Debian package dataset-toy"],
        ["no such folder", "no such folder", "404", "no apt-get"],
        strict=True,
    ):
        assert source in line and reason in line
    assert "apt-get install dataset-toy" in caught.value.hint


def test_a_server_that_never_answers_is_given_up(toy, server, monkeypatch):
    monkeypatch.setattr(sources, "CONNECT_SECONDS", 0.05)
    server.gate.clear()
    with pytest.raises(EnvironmentFault, match="no answer within"):
        locate(toy)


def test_apts_own_reasons_are_passed_on(toy, programs):
    script = "#!/bin/sh\necho 'W: Failed to fetch http://x  no route'\necho 'E: Unable to locate package'\nexit 100\n"
    (programs / "apt-get").write_text(script)
    (programs / "apt-get").chmod(0o755)
    with pytest.raises(EnvironmentFault, match=r"no route; E: Unable to locate package"):
        locate(toy)


def test_verified_files_are_not_read_again_until_they_change(toy, tmp_path, cache, monkeypatch):
    fill(tmp_path / "web")
    locate(toy)
    with monkeypatch.context() as patch:
        patch.setattr("harness.datasets.verify.digest", lambda path: pytest.fail("read again"))
        assert locate(toy) == cache
    (cache / "images.gz").write_bytes((cache / "images.gz").read_bytes()[:-9])
    with pytest.raises(EnvironmentFault, match=r"images\.gz is damaged"):
        locate(toy, folder=str(cache))
    assert locate(toy) == cache  # fetched anew
    assert Verifier(tmp_path / "fresh").fault(cache, toy.files) is None


def test_of_two_processes_one_fetches(toy, tmp_path, cache, server):
    fill(tmp_path / "web")
    server.gate.clear()
    code = f"from harness.datasets import *; print(locate({toy!r}))"

    def launch():
        return subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True, env=os.environ)

    with launch() as first:
        assert "trying download" in first.stderr.readline()
        with launch() as second:
            assert "waiting" in second.stderr.readline()
            server.gate.set()
            assert first.communicate()[0] == second.communicate()[0] == f"{cache}\n"
    assert len(server.asked) == len(CONTENTS)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_cache_that_cannot_be_written_is_a_fault_of_the_machine(toy, monkeypatch, code):
    def fail(dataset, target):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(sources, "download", fail)
    with pytest.raises(EnvironmentFault, match=os.strerror(code)) as caught:
        locate(toy)
    assert "XDG_CACHE_HOME" in caught.value.hint


def test_a_file_in_the_way_of_the_cache(toy, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFault, match="Not a directory"):
        locate(toy)
    assert locate(toy, folder=str(fill(tmp_path / "mine"))) == tmp_path / "mine"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("apt-get"), reason="no apt-get")
def test_the_real_debian_package_holds_the_real_data(tmp_path):
    dataset = DATASETS["fashion_mnist"]
    target = tmp_path / "new"
    target.mkdir()
    sources.debian(dataset.debian, target)
    assert Verifier(tmp_path / "record").fault(target, dataset.files) is None


def test_the_fixture_is_the_known_sample(cache):
    folder = Path(__file__).parents[1] / "data" / "fashion_mnist_small"
    assert locate(replace(DATASETS["fashion_mnist"], url=None, debian=None), folder=str(folder), say=print) == folder
