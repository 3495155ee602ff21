"""Two saved images that differ in when and where they were built become one; contents stay."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

from harness.runtime.normalise import normalise


def layer(mtime, owner, files):
    """A layer as an engine writes it; `files`: name -> text."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.uname, entry.uid, entry.mode = len(text), mtime, owner, 7, 0o755
            entry.pax_headers = {"SCHILY.xattr.user.kept": "yes"}
            archive.addfile(entry, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("link")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "a", mtime
        archive.addfile(link)
    return buffer.getvalue()


def saved(mtime, host, own):
    """What `docker save` gives of a base and one layer on it."""
    layers = {"base/layer.tar": layer(3, "base", {"b": "base"}), f"{host}/layer.tar": own}
    config = {
        "created": f"2026-01-01T00:00:{mtime % 60:02d}Z",
        "container": host,
        "container_config": {"Hostname": host},
        "docker_version": "20.10",
        "config": {"Hostname": host, "Image": f"sha256:{host}", "Env": ["A=1"], "Entrypoint": ["x"]},
        "history": [{"created": f"t{mtime}", "created_by": "RUN x", "comment": f"from {host}"}],
        "rootfs": {"type": "layers", "diff_ids": ["?", "?"]},
        "os": "linux",
    }
    manifest = [{"Config": "c.json", "Layers": list(layers), "RepoTags": None}]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        files = {"c.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode(), **layers}
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    buffer.seek(0)
    return buffer


def normalised(mtime, host, files):
    result = io.BytesIO()
    image_id = normalise(saved(mtime, host, layer(mtime, host, files)), 1, "name:tag", result)
    return image_id, result.getvalue()


def test_time_and_place_leave_no_trace():
    first, second = normalised(1_700_000_000, "here", {"a": "x"}), normalised(1_800_000_000, "there", {"a": "x"})
    assert first == second
    assert normalised(1_700_000_000, "here", {"a": "y"})[0] != first[0]
    assert b"here" not in first[1] and b"2026" not in first[1]


def test_contents_owners_modes_and_the_base_stay():
    image_id, archive = normalised(1_700_000_000, "here", {"a": "x", "c/d": "deep"})
    with tarfile.open(fileobj=io.BytesIO(archive)) as result:
        (manifest,) = json.load(result.extractfile("manifest.json"))
        config = result.extractfile(manifest["Config"]).read()
        base, own = (result.extractfile(name).read() for name in manifest["Layers"])
    assert manifest["RepoTags"] == ["name:tag"]
    assert image_id == f"sha256:{hashlib.sha256(config).hexdigest()}"
    assert base == layer(3, "base", {"b": "base"})
    facts = json.loads(config)
    assert facts["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(text).hexdigest()}" for text in (base, own)]
    assert facts["config"]["Env"] == ["A=1"] and facts["config"]["Entrypoint"] == ["x"]
    with tarfile.open(fileobj=io.BytesIO(own)) as entries:
        found = {entry.name: entry for entry in entries}
        assert entries.extractfile("c/d").read() == b"deep"
    assert (found["a"].uid, found["a"].mode, found["a"].mtime) == (7, 0o755, 0)
    assert found["a"].pax_headers["SCHILY.xattr.user.kept"] == "yes"
    assert found["link"].linkname == "a"
