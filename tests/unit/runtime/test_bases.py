"""What an image may be built on: names, pins, references, and what makes two images the same base."""

from __future__ import annotations

import pytest

from harness.errors import EnvironmentFault, UsageError
from harness.runtime.bases import BASES, Base, choices, content_id, ensure_base, pin

TABLE = """auto = ["near", "far"]

[near]
reference = "registry:5000/near:1"
digest = "sha256:old"

# said of far
[far]
reference = "far:2"
"""


class Engine:
    """Holds some images, can pull some others."""

    def __init__(self, held=(), pullable=()):
        self.held, self.pullable = set(held), set(pullable)

    def image(self, reference):
        return {"Id": reference} if reference in self.held else None

    def pull(self, reference):
        if reference not in self.pullable:
            raise EnvironmentFault("not found")
        self.held.add(reference)

    def digest_of(self, repository, tag):
        assert (repository, tag) in {("registry:5000/near", "1"), ("far", "2")}
        return "sha256:new"


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "bases.toml"
    file.write_text(TABLE)
    return file


def test_a_pinned_base_is_pulled_by_digest(table):
    said = []
    engine = Engine(pullable={"registry:5000/near@sha256:old"})
    assert ensure_base(engine, "auto", said.append, table).name == "near"
    assert said == ["pulling registry:5000/near@sha256:old"]
    assert ensure_base(engine, "auto", said.append, table).name == "near"
    assert len(said) == 1, "what is here is not pulled again"


def test_the_next_one_serves_where_the_first_cannot_be_had(table):
    said = []
    assert ensure_base(Engine(pullable={"far:2"}), "auto", said.append, table).name == "far"
    assert "trying far" in said[1] and "not pinned" in said[-1]
    with pytest.raises(EnvironmentFault, match="far:2 cannot be pulled: not found") as fault:
        ensure_base(Engine(), "far", said.append, table)
    assert "--base local" in fault.value.hint


def test_a_reference_is_taken_as_it_is(table):
    assert choices("ghcr.io/me/base:3", table) == [Base("ghcr.io/me/base:3", "ghcr.io/me/base:3")]
    assert choices("me/base@sha256:1", table)[0].pinned == "me/base@sha256:1"
    with pytest.raises(UsageError, match=r"unknown base 'nera' .did you mean 'near'"):
        choices("nera", table)


def test_the_shipped_table_is_sound(monkeypatch):
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    public, local = choices("auto", BASES)
    assert public.digest and local.made_here
    with pytest.raises(EnvironmentFault, match="needs a region"):
        choices("aws-pytorch-cpu", BASES)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert ".eu-west-1." in choices("aws-pytorch-cpu", BASES)[0].pinned


@pytest.mark.parametrize("name", ["near", "far"])
def test_pinning_changes_one_digest_and_nothing_else(table, name):
    before = choices("near", table) + choices("far", table)
    assert pin(Engine(), name, table) == "sha256:new"
    after = choices("near", table) + choices("far", table)
    assert [base.digest for base in after if base.name == name] == ["sha256:new"]
    assert [base for base in after if base.name != name] == [base for base in before if base.name != name]
    assert "# said of far" in table.read_text()
    with pytest.raises(UsageError, match="only a pulled base"):
        pin(Engine(), "else:1", table)


def test_a_base_is_its_content_not_its_date():
    image = {"Os": "linux", "Architecture": "amd64", "RootFS": {"Layers": ["a", "b"]}, "Config": {"Env": ["PATH=/"]}}
    same = {**image, "Created": "today", "Id": "other"}
    assert content_id(image) == content_id(same)
    for change in ({"Architecture": "arm64"}, {"RootFS": {"Layers": ["ab"]}}, {"Config": {"Env": None}}):
        assert content_id({**image, **change}) != content_id(image)
