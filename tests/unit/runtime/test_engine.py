from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from harness.errors import EnvironmentFault
from harness.runtime.engine import Engine, engine_answers

PROGRAM = """
import sys
from harness.runtime.engine import engine_answers
print(engine_answers(), 'docker' in sys.modules)
"""


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "ssh://somewhere", "unix:///nowhere/docker.sock"])
def test_no_engine_of_this_machine_is_seen_without_the_sdk(host):
    done = subprocess.run([sys.executable, "-c", PROGRAM], env={"DOCKER_HOST": host}, capture_output=True, text=True)
    assert done.stdout == "False False\n", done.stderr


def test_a_dead_socket_is_no_engine_and_a_fault_with_a_remedy(tmp_path, monkeypatch):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    assert not engine_answers()
    with pytest.raises(EnvironmentFault, match=r"no Docker engine answers .* Connection refused") as fault:
        Engine.connect()
    assert "RUNTIME=process" in fault.value.hint


def test_a_refused_socket_names_the_group(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("harness.runtime.engine.socket.socket.connect", refuse)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(EnvironmentFault, match="no permission") as fault:
        Engine.connect()
    assert "usermod -aG docker" in fault.value.hint


def test_without_the_sdk_the_docker_folder_of_the_checkout_is_not_taken_for_it(tmp_path, monkeypatch):
    path = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    monkeypatch.setitem(sys.modules, "docker.client", None)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        with pytest.raises(EnvironmentFault, match="not installed"):
            Engine.connect()
