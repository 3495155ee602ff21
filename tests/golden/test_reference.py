"""Generated files are fresh, and shipped manifests fit the schema."""

import json
from pathlib import Path

import jsonschema
import pytest

from harness.aws.permissions import POLICIES, policy
from harness.cli.benchmark_pages import pages
from harness.cli.reference import PAGE, POLICY, SCHEMA, page, schema
from harness.manifest.render import render
from harness.manifest.yaml import parse_mapping

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = sorted((ROOT / "experiments").glob("*.yaml"))


def test_the_reference_is_fresh():
    folder = ROOT / "docs" / "reference"
    assert (folder / PAGE).read_text() == page(), "run `harness reference`"
    assert json.loads((folder / SCHEMA).read_text()) == schema(), "run `harness reference`"


def test_the_pages_of_benchmarks_are_fresh():
    folder = ROOT / "docs" / "benchmarks"
    assert {path.name: path.read_text() for path in folder.iterdir()} == pages(), "run `harness reference`"


@pytest.mark.parametrize("who", POLICIES)
def test_the_policies_are_fresh(who):
    file = ROOT / "docs" / "reference" / POLICY.format(who=who)
    assert json.loads(file.read_text()) == policy(who), "run `harness reference`"


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_shipped_manifests_fit_the_schema_and_point_editors_at_it(path):
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=../docs/reference/manifest.schema.json\n")
    values, _ = parse_mapping(render(text, str(path), {}), str(path))
    jsonschema.validate(values, schema())


@pytest.mark.parametrize(
    "wrong", [{"schedular": "fifo"}, {"scheduler": "fifoo"}, {"num_workers": {}}, {"methods": [{}]}]
)
def test_the_schema_refuses_what_a_plan_would(wrong):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())
