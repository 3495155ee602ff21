"""Templates and YAML: what a manifest's text means, and what its faults are called."""

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.manifest.load import load_manifest
from harness.manifest.render import parse_variables


def load(tmp_path, text, variables=None):
    path = tmp_path / "some study.yaml"
    path.write_text(text)
    return load_manifest(path, variables or {})


def test_own_variables_are_defaults_that_the_caller_overrides(tmp_path):
    text = (
        "vars:\n  runs: 2  # a comment\n\n  timeout: 60\nnum_runs: {{ runs }}\nscheduler_timeout: {{ timeout * 2 }}\n"
    )
    assert load(tmp_path, text).values["num_runs"] == 2
    changed = load(tmp_path, text, {"runs": 5})
    assert (changed.values["num_runs"], changed.values["scheduler_timeout"]) == (5, 120)
    assert "vars" not in changed.values


def test_loops_and_conditions_and_variables_of_the_caller_alone(tmp_path):
    text = "searcher: [{% for name in names %}{{ name }}, {% endfor %}]\n{% if long %}num_trials: 100\n{% endif %}"
    raw = load(tmp_path, text, {"names": ["random", "bayesopt"], "long": True})
    assert raw.values["searcher"] == ["random", "bayesopt"]
    assert raw.values["num_trials"] == 100


def test_numbers_and_words_are_read_as_yaml_1_2(tmp_path):
    raw = load(tmp_path, "a: 1e-3\nb: on\nc: 010\nd: [1, 2.5, 'x y']\ne: true\n")
    assert [raw.values[name] for name in "abcde"] == [1e-3, "on", 10, [1, 2.5, "x y"], True]
    assert all(type(value) in (int, float, str, list, bool) for value in raw.values.values())


def test_a_manifest_without_a_name_is_called_after_its_file(tmp_path):
    assert load(tmp_path, "num_trials: 1\n").values["experiment_name"] == "some-study"


def test_every_setting_knows_its_line(tmp_path):
    raw = load(tmp_path, "vars:\n  x: 1\n# comment\nscheduler: fifo\nnum_trials: {{ x }}\n")
    assert raw.origins["scheduler"].endswith("some study.yaml:4")
    assert raw.place("num_trials").endswith(":5: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {{ missing }}\n", r"yaml:2: template: 'missing' is undefined"),
        ("vars:\n  a: {{ b }}\nc: 1\n", r"yaml:2: template: 'b' is undefined"),
        ("a: 1\n{% if %}\n", r"yaml:2: template: "),
        ("a: {{ 1 / 0 }}\n", r"yaml:1: template: division by zero"),
        ("a: {{ ''.__class__.__mro__ }}\n", r"yaml:1: template: "),
        ("a: 1\na: 2\n", r"yaml:2:\d+: found duplicate key"),
        ("a: [1, 2\nb: 3\n", r"yaml:\d+:\d+: not valid YAML"),
        ("a: 1\n  b: 2\n", r"yaml:2:\d+: not valid YAML"),
        ("- a\n- b\n", r"yaml: expected 'name: value' lines"),
        ("", r"yaml: the file is empty"),
        ("a:\n", r"yaml:1: a has no value"),
        ("a: {b: 1}\n", r"yaml:1: a: expected a value or a list"),
        ("vars: 3\na: 1\n", r"vars"),
    ],
)
def test_faults_name_file_and_line(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_variable_that_the_manifest_does_not_use_is_an_error(tmp_path):
    with pytest.raises(UsageError, match=r"num_rnus.*it has: num_runs"):
        load(tmp_path, "vars:\n  num_runs: 2\nnum_runs: {{ num_runs }}\n", {"num_rnus": 3})


def test_a_missing_or_binary_file(tmp_path):
    with pytest.raises(UsageError, match="cannot read the manifest: No such file"):
        load_manifest(Path("nowhere.yaml"), {})
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_manifest(tmp_path / "b.yaml", {})


def test_variables_of_a_command_line():
    assert parse_variables("a=1 b='x y' c=1e-3 d=true e=") == {"a": 1, "b": "x y", "c": 1e-3, "d": True, "e": ""}
    for wrong in ("a", "=1", "a='x", "1a=2"):
        with pytest.raises(UsageError, match="VARS"):
            parse_variables(wrong)


def test_an_included_file_lies_below_and_shares_the_variables(tmp_path):
    (tmp_path / "shared.yaml").write_text("num_trials: {{ n }}\nnum_workers: 2\nmethods:\n- {scheduler: fifo}\n")
    raw = load(tmp_path, "include: shared.yaml\nnum_workers: 3\n", {"n": 7})
    assert (raw.values["num_trials"], raw.values["num_workers"]) == (7, 3)
    assert raw.origins["num_trials"].endswith("shared.yaml:1")
    assert raw.sections["methods"] == [{"scheduler": "fifo"}]
    (tmp_path / "shared.yaml").write_text("include: some study.yaml\n")
    with pytest.raises(UsageError, match="includes itself"):
        load(tmp_path, "include: shared.yaml\n")


@pytest.mark.parametrize(
    "section", ["methods: 3", "methods: []", "methods: [{}]", "exclude: [a]", "benchmarks: [{a: [1]}]"]
)
def test_sections_are_lists_of_settings(tmp_path, section):
    with pytest.raises(UsageError, match=r"yaml:2: (methods|exclude|benchmarks): "):
        load(tmp_path, f"num_trials: 1\n{section}\n")


def test_points_to_evaluate_may_be_a_plain_list(tmp_path):
    raw = load(tmp_path, "num_trials: 1\npoints_to_evaluate:\n  - {lr: 0.1, act: relu}\n  - {}\n")
    assert raw.values["points_to_evaluate"] == '[{"lr": 0.1, "act": "relu"}, {}]'
    assert load(tmp_path, "num_trials: 1\npoints_to_evaluate: []\n").values["points_to_evaluate"] == "[]"


def test_merged_keys_and_tags(tmp_path):
    raw = load(tmp_path, "<<: {scheduler: fifo}\nnum_trials: 1\ntags: [paper, ablation]\n")
    assert (raw.values["scheduler"], raw.values["tags"]) == ("fifo", "paper ablation")
    assert raw.place("scheduler").endswith("yaml:1: ")


def test_a_template_that_runs_away_is_ended(tmp_path):
    text = "tags: {% for i in range(99999) %}{% for j in range(99999) %}{{ i }} {% endfor %}{% endfor %}\n"
    with pytest.raises(UsageError, match="template: it makes more than 20,000,000 characters"):
        load(tmp_path, text)


def test_methods_can_be_named(tmp_path):
    raw = load(tmp_path, "methods: [RS, {scheduler: fifo, searcher: sobol}, BOHB]\n")
    assert [entry["searcher"] for entry in raw.sections["methods"]] == ["random", "sobol", "kde"]
    with pytest.raises(UsageError, match=r"yaml:1: methods: unknown method 'MOBSTR' \(did you mean 'MOBSTER'"):
        load(tmp_path, "methods: [MOBSTR]\n")
