"""The image: built once, exact versions, dependencies.txt, any user."""

from __future__ import annotations

import json
import shutil
import zipfile

import pytest

from harness.runtime.bases import ROOT
from harness.runtime.image import ensure_image, image_info, prune_images
from harness.runtime.wheels import cache_folder

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


def test_images_of_other_recipes_are_pruned(image, engine):
    engine._api.tag(image, "hpo-harness", "c-older")
    assert "hpo-harness:c-older" in prune_images("local")
    assert engine.tags("hpo-harness") == [image]


VERSIONS = """
import importlib.metadata as m, torch
print(*(f"{d.name}=={d.version.split('+')[0]}" for d in m.distributions()))
print(torch.ones(2).sum().item())
"""


def tiny_wheel(folder):
    """A package made on the spot, so that no index is asked."""
    info = "tinywheel-1.0.dist-info"
    with zipfile.ZipFile(folder / "tinywheel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinywheel.py", "VALUE = 42\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinywheel\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"tinywheel.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


def test_an_unchanged_image_is_not_built_again(image):
    said = []
    assert ensure_image("local", say=said.append) == image
    assert said == []
    info = image_info("local")
    assert (info.tag, info.built) == (image, True)


def test_the_image_holds_what_the_lock_says(image, engine):
    installed, total = engine.output(image, ["python", "-c", VERSIONS]).splitlines()
    text = "".join((ROOT / "docker" / f"{name}.lock").read_text() for name in ("requirements", "torch"))
    locked = {line.split()[0].lower().replace("_", "-") for line in text.splitlines() if "==" in line}
    assert locked <= {name.lower().replace("_", "-") for name in installed.split()}
    assert total == "2.0"


def test_packages_of_dependencies_txt_are_in_the_image(image, engine, tmp_path, monkeypatch):
    root, wheels, cache = tmp_path / "root", tmp_path / "planted-secret", tmp_path / "cache"
    shutil.copytree(ROOT / "docker", root / "docker")
    (root / "dependencies.txt").write_text("tinywheel  # ours\nnumpy\n")
    wheels.mkdir()
    tiny_wheel(wheels)
    shutil.copytree(cache_folder() / "wheels", cache / "hpo-harness" / "wheels")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    said = []
    tag = ensure_image("local", say=said.append, root=root)
    try:
        assert tag != image
        code = "import tinywheel, numpy; print(tinywheel.VALUE, numpy.__file__)"
        value, numpy = engine.output(tag, ["python", "-c", code]).split()
        assert value == "42"
        assert numpy.startswith("/opt/venv/"), "what the lock holds is not installed twice"
        history = json.dumps(engine._api.history(tag)) + json.dumps(engine.image(tag))
        traces = ["planted-secret", str(ROOT)]
        assert not [trace for trace in traces if trace in history]
        words = [word for trace in traces for word in ("-e", trace)]
        search = ["sh", "-c", 'grep -rlF "$@" /opt /etc /root /tmp /var /home || test $? = 1', "sh", *words]
        assert engine.output(tag, search) == ""
    finally:
        engine._client.images.remove(tag)
