from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
import threading
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.errors import EnvironmentFault
from harness.runtime.bases import ROOT
from harness.runtime.builds import compared, remember
from harness.runtime.context import follow, pack
from harness.runtime.image import Recipe, _one_at_a_time
from harness.runtime.wheels import Target, Wheels, download_wheels


@pytest.fixture
def root(tmp_path):
    shutil.copytree(ROOT / "docker", tmp_path / "docker")
    shutil.copy(ROOT / "dependencies.txt", tmp_path)
    return tmp_path


def test_the_tag_is_a_hash_of_the_files_and_the_base(root):
    tag = Recipe.of(root).tag("sha256:base")
    assert re.fullmatch(r"hpo-harness:c-[0-9a-f]{16}", tag)
    tags = {tag, Recipe.of(root).tag("sha256:other")}
    for file in Recipe.of(root).files():
        before = file.read_bytes()
        os.utime(file, (0, 0))
        assert Recipe.of(root).tag("sha256:base") == tag
        file.write_bytes(before + b"\n")
        tags.add(Recipe.of(root).tag("sha256:base"))
        file.write_bytes(before)
    assert len(tags) == 2 + len(Recipe.of(root).files())


def test_a_checkout_that_lacks_a_file_is_a_fault(root):
    (root / "dependencies.txt").unlink()
    with pytest.raises(EnvironmentFault, match=r"dependencies\.txt"):
        Recipe.of(root)


def test_every_requirement_of_the_project_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    text = "".join((ROOT / "docker" / f"{name}.lock").read_text() for name in ("requirements", "torch"))
    locked = dict(line.split()[0].split("==") for line in text.splitlines() if "==" in line)
    versions = {canonicalize_name(name): version for name, version in locked.items()}
    for wanted in map(Requirement, [*project["dependencies"], *extras["gpsearchers"], *extras["benchmarks"]]):
        version = versions.get(canonicalize_name(wanted.name))
        assert version in wanted.specifier, f"{wanted}: run scripts/lock_image.py"


def test_the_context_depends_on_contents_only(root, tmp_path):
    folders = [tmp_path / "locked", tmp_path / "extra"]
    constraints = tmp_path / "versions"
    constraints.write_text("numpy==2\n")
    recipe = Recipe.of(root)
    contexts = []
    for mode, time in ((0o600, 1), (0o664, 2)):
        for folder in folders:
            folder.mkdir(exist_ok=True)
            (folder / "a.whl").write_text("wheel")
            (folder / "a.whl").chmod(mode)
            os.utime(folder / "a.whl", (time, time))
        context = io.BytesIO()
        pack((recipe.entrypoint, recipe.dependencies), recipe.dockerfile, Wheels(*folders, constraints), context)
        contexts.append(context.getvalue())
    assert contexts[0] == contexts[1]
    with tarfile.open(fileobj=io.BytesIO(contexts[0])) as archive:
        names = set(archive.getnames())
    wheels = {"wheels/locked/a.whl", "wheels/extra/a.whl"}
    assert {"Dockerfile", "entrypoint.py", "constraints.txt", "dependencies.txt", *wheels} <= names


def test_the_dockerfile_keeps_to_what_the_classic_builder_knows():
    text = (ROOT / "docker" / "Dockerfile").read_text()
    assert not re.search(r"^# *syntax|--mount|--chmod|--link|<<", text, re.M)


def test_a_failing_step_shows_its_own_output():
    def lines():
        yield from ("Step 1/2 : FROM x", "quiet", "Step 2/2 : RUN pip install", "no such package")
        raise EnvironmentFault("exit code 1")

    said = []
    with pytest.raises(EnvironmentFault) as fault:
        follow(lines(), said.append)
    assert said == ["  1/2 FROM x", "  2/2 RUN pip install"]
    assert str(fault.value) == "no such package\nexit code 1"


def test_a_full_disk_comes_with_its_remedy():
    def lines():
        yield "Step 1/1 : RUN pip install"
        raise EnvironmentFault("the build failed: write /x: no space left on device")

    with pytest.raises(EnvironmentFault, match="no space left") as fault:
        follow(lines(), lambda line: None)
    assert "docker image prune" in fault.value.hint


def test_growth_since_the_last_build_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "hpo-harness").mkdir()
    assert compared("python", 10**9, 60.0) == ""
    remember("python", 10**9, 60.0)
    assert compared("python", 10**9, 61.0) == compared("local", 10**10, 600.0) == ""
    assert compared("python", 2 * 10**9, 600.0) == " (the last one: 1000 MB in 60 s)"
    assert compared("python", 2 * 10**9, 60.0) == " (the last one: 1000 MB)"


def test_wheels_suit_the_python_of_the_base():
    target = Target.of("3 12 aarch64 glibc 2.35")
    words = target.pip_arguments()
    assert words[words.index("--python-version") + 1] == "3.12"
    assert "manylinux_2_35_aarch64" in words and "manylinux_2_36_aarch64" not in words


@pytest.mark.parametrize(("probed", "why"), [("3 9 x86_64 glibc 2.31", "3.9"), ("3 12 x86_64", "glibc")])
def test_a_base_that_will_not_do_is_told(probed, why):
    with pytest.raises(ValueError, match=why):
        Target.of(probed)


def test_wheels_come_from_the_cache_and_a_failed_download_leaves_nothing(root, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked = []

    def download(words):
        asked.append(words)
        folder = words[words.index("--dest") + 1]
        if (root / "fail").exists():
            raise EnvironmentFault("no network")
        for name in ("numpy.whl", f"new{len(asked)}.whl"):
            open(os.path.join(folder, name), "w").close()

    monkeypatch.setattr("harness.runtime.wheels._pip_download", download)
    recipe = Recipe.of(root)
    locks, dependencies = (recipe.lock, recipe.torch), recipe.dependencies
    target = Target("3.11", "x86_64", 36)
    (root / "fail").touch()
    with pytest.raises(EnvironmentFault):
        download_wheels(*locks, dependencies, target)
    assert not [path for path in (tmp_path / "cache" / "hpo-harness" / "wheels").iterdir() if path.is_dir()]
    (root / "fail").unlink()
    first = download_wheels(*locks, dependencies, target)
    assert download_wheels(*locks, dependencies, target) == first
    assert len(asked) == 3 and list(first.extra.iterdir()) == []
    assert "--require-hashes" in asked[1] and "--require-hashes" not in asked[2]
    assert "torch==" in first.constraints.read_text() and "--hash" not in first.constraints.read_text()
    dependencies.write_text("torchvision\n")
    wheels = download_wheels(*locks, dependencies, target)
    assert wheels.locked == first.locked
    assert [wheel.name for wheel in wheels.extra.iterdir()] == ["new4.whl"]


def test_a_second_process_waits_for_the_first_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    order = []

    def second():
        with _one_at_a_time(lambda line: (order.append(line), waiting.set())):
            order.append("second")

    waiting = threading.Event()
    thread = threading.Thread(target=second)
    with _one_at_a_time(order.append):
        thread.start()
        assert waiting.wait(30)
        order.append("first is done")
    thread.join(30)
    assert order == ["waiting for another process that prepares the image", "first is done", "second"]
