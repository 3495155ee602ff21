"""Which mirror the local base is made from, out of what apt says."""

from __future__ import annotations

import importlib.util

import pytest

from harness.errors import EnvironmentFault
from harness.runtime.bases import ROOT

spec = importlib.util.spec_from_file_location("make_base_image", ROOT / "scripts" / "make_base_image.py")
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)

OTHERS = [
    "Debian|http://security/|bookworm-security|main",
    "|https://vendor/deb/|bookworm|stable",
    "X|http://x/|bookworm|main",
]


@pytest.mark.parametrize("origin", ["Debian", ""])
def test_the_first_debian_archive_is_the_mirror(origin):
    assert script.apt_mirror([*OTHERS, f"{origin}|http://mirror/debian/|bookworm|main"]) == "http://mirror/debian/"


def test_a_file_that_lists_mirrors_is_looked_into(tmp_path):
    listed = tmp_path / "mirrors"
    listed.write_text("https://first/debian\tpriority:1\nhttps://second/debian\n")
    assert script.apt_mirror([f"Debian|mirror+file:{listed}|bookworm|main"]) == "https://first/debian"


def test_without_a_debian_archive_the_remedy_is_named():
    with pytest.raises(EnvironmentFault, match="no Debian archive") as fault:
        script.apt_mirror([*OTHERS, "Ubuntu|http://ubuntu/|noble|main"])
    assert "--mirror" in fault.value.hint


@pytest.mark.parametrize(("found", "uid", "why"), [(None, 0, "not installed"), ("/usr/sbin/debootstrap", 1000, "root")])
def test_what_the_machine_lacks_is_told_before_anything_is_done(monkeypatch, found, uid, why):
    monkeypatch.setattr(script.shutil, "which", lambda *_, **__: found)
    monkeypatch.setattr(script.os, "geteuid", lambda: uid)
    with pytest.raises(EnvironmentFault, match=why):
        script.check_machine()
