"""The benchmark `script`: spaces, digests, what the script is called with, and messages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.script.definition import ScriptOptions, define
from harness.backends.invocation import script_command
from harness.core.trial import Trial
from harness.errors import UsageError
from harness.jobdir import TrialDir
from harness.manifest.raw import Raw
from harness.plan.build import build

SPACE = "lr: {type: loguniform, lower: 1e-4, upper: 1}\noptimiser: [sgd, adam]\ntitle: two words\n"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mine"
    place.mkdir()
    (place / "train.py").write_text("print('acc 1')\n")
    (place / "space.yaml").write_text(SPACE)
    return place


def values(folder, **more):
    given = {"entry_point": str(folder / "train.py"), "config_space": str(folder / "space.yaml"), "metric": "acc"}
    return {**given, **more}


def benchmark(folder, level=None, **more):
    return define(ScriptOptions(**values(folder, **more)), level)


def job_id(folder, **more):
    raw = {"benchmark_name": "script", "num_trials": 1, **values(folder, **more)}
    (job,) = build(Raw(raw), 0).jobs()
    return job.job_id


def test_yaml_and_python_spaces_are_the_same(folder):
    (folder / "own.py").write_text(
        "import sys; from harness import loguniform\nprint('noise')\n"
        "def make():\n    return {'lr': loguniform(1e-4, 1), 'optimiser': ['sgd', 'adam'], 'title': 'two words'}\n"
        "space = {'lr': {'type': 'loguniform', 'lower': 1e-4, 'upper': 1}, 'optimiser': ['sgd', 'adam'],"
        " 'title': 'two words'}\n"
    )
    (folder / "table.yaml").write_text(f"hyperparameters:\n{re.sub('^', '  ', SPACE, flags=re.M)}\n")
    files = ("space.yaml", "table.yaml", "own.py", "own.py:make")
    specs = [benchmark(folder, config_space=str(folder / file)).problem.space.spec() for file in files]
    assert specs == [specs[0]] * 4
    assert specs[0]["title"] == "two words"
    assert specs[0]["lr"] == {"type": "loguniform", "lower": 1e-4, "upper": 1.0}
    assert specs[0]["optimiser"] == {"type": "choice", "values": ["sgd", "adam"]}


def test_the_level_comes_from_the_plan_or_from_the_spaces_constant(folder):
    (folder / "space.yaml").write_text(f"{SPACE}epochs: 9\n")
    names = {"resource_attr": "epoch", "max_resource_attr": "epochs"}
    assert benchmark(folder, **names).problem.max_resource == 9
    problem = benchmark(folder, 27, **names).problem
    assert (problem.max_resource, problem.space.constants["epochs"], problem.mode) == (27, 27, "min")


@pytest.mark.parametrize(
    ("name", "text", "changes"),
    [
        ("helper.py", "x = 1", True),
        ("weights.json", "{}", True),
        ("train.py", "print('acc 2')", True),
        ("sweep.yaml", "benchmark_name: script\n", False),
        (".venv/lib.py", "", False),
        ("__pycache__/train.pyc", "", False),
        ("notes.md", "", False),
        ("train.log", "epoch 1", False),
        ("test_train.py", "", False),
        ("results/x-2026/job.json", "{}", False),
        ("results/notes.txt", "", True),
    ],
)
def test_the_job_id_rests_on_the_scripts_files(folder, tmp_path, name, text, changes):
    before = job_id(folder)
    moved = folder.rename(tmp_path / "elsewhere")
    assert job_id(moved) == before
    path = moved / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert (job_id(moved) != before) is changes
    assert job_id(moved, mode="max") != before


def test_a_script_that_changed_since_the_plan_is_refused_and_a_moved_one_found(folder, tmp_path):
    options = ScriptOptions(**values(folder))
    moved = folder.rename(tmp_path / "elsewhere")
    found = define(options.relocated({"entry_point": moved}), None)
    assert found.script == moved / "train.py"
    (moved / "train.py").write_text("print('acc 2')")
    (moved / "helper.py").touch()
    for name, entry in (("train.py", "changed"), ("helper.py", "new")):
        with pytest.raises(UsageError, match=rf"planned with \(.*{entry}: {name}"):
            define(options.relocated({"entry_point": moved}), None)
    (moved / "train.py").rename(moved / "renamed.py")
    renamed = options.model_copy(update={"entry_point": str(moved / "renamed.py")})
    with pytest.raises(UsageError, match=r"missing: train\.py"):
        define(renamed, None)


FAULTS = [
    ({"entry_point": "none.py"}, r"entry_point = .*none.py: there is no such file"),
    ({"entry_point": None}, "entry_point = None: which one"),
    ({"metric": None}, "metric = None: which one"),
    ({"config_space": "none.yaml"}, "config_space = .*none.yaml: cannot read it: No such file"),
    ({"config_space": "bad.yaml"}, r"bad.yaml:2: lr: unknown domain type 'loguni'"),
    ({"config_space": "constants.yaml"}, "nothing to search"),
    ({"config_space": "broken.py"}, "broken.py: line 2: ZeroDivisionError: division by zero"),
    ({"config_space": "torn.py"}, "torn.py: line 1: SyntaxError: '{' was never closed"),
    ({"config_space": "wordy.py"}, "wordy.py: line 1: ValueError: no such thing"),
    ({"config_space": "numbered.py"}, "numbered.py: names must be strings, got 3, None"),
    ({"config_space": "empty.py"}, "empty.py: it defines no config_space or space"),
    ({"config_space": "odd.py"}, "odd.py: lr: expected a domain of `harness`, plain data or a constant, got object"),
    ({"metric_regex": "acc"}, "metric_regex = 'acc': a group must hold the value"),
    ({"metric_regex": "("}, r"metric_regex = '\(': not a regular expression"),
    ({"resource_regex": "(x)", "resource_attr": "epoch"}, "it goes with metric_regex, which is not given"),
    ({"metric_regex": "(x)", "metrics_from": "csv:m.csv"}, "give one of the two"),
    ({"metrics_from": "xml:m"}, "metrics_from = 'xml:m'"),
    ({"max_resource_level": 3}, "say what it counts with resource_attr"),
    ({"max_resource_attr": "lr", "resource_attr": "epoch"}, "the space searches it"),
    ({"dataset_path": "nowhere"}, "dataset_path = .*nowhere: there is no such folder"),
    ({"scheduler": "hyperband_stopping"}, "resource"),
]


@pytest.mark.parametrize(("given", "message"), FAULTS, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_said_in_one_line(folder, given, message, monkeypatch):
    monkeypatch.chdir(folder)
    Path("bad.yaml").write_text("x: 1\nlr: {type: loguni}\n")
    Path("constants.yaml").write_text("x: 1\n")
    Path("broken.py").write_text("def rate():\n    return 1 / 0\nspace = rate")
    Path("torn.py").write_text("space = {'lr': 1")
    Path("wordy.py").write_text("raise ValueError('no such\\nthing')")
    Path("numbered.py").write_text("space = {'lr': 1, 3: 2, None: 3}")
    Path("empty.py").write_text("")
    Path("odd.py").write_text("space = {'lr': object()}")
    raw = {"benchmark_name": "script", "num_trials": 1, **values(folder), **given}
    with pytest.raises(UsageError) as caught:
        build(Raw({name: value for name, value in raw.items() if value is not None}), 0)
    (line,) = [problem for problem in caught.value.problems if re.search(message, problem)]
    assert "\n" not in line


def command(folder, config, **more):
    calling = benchmark(folder, **more).calling
    place = TrialDir(folder.parent / "0")
    place.path.mkdir(exist_ok=True)
    return script_command(calling, folder / "train.py", config, Trial(0, config), place)


def test_values_reach_the_script_as_options_and_checkpoints_only_where_it_knows_of_them(folder):
    config = {"lr": -1e-5, "title": "two words"}
    assert command(folder, config)[2:] == ["--lr=-1e-05", "--title", "two words"]
    assert command(folder, config, checkpoint_option="resume")[-2:] == [
        "--resume",
        str(folder.parent / "0/checkpoints"),
    ]
    (folder / "helper.py").write_text("parser.add_argument('--st_checkpoint_dir')")
    assert command(folder, config)[-2] == "--st_checkpoint_dir"


@pytest.mark.parametrize("style", ["json", "yaml"])
def test_values_reach_the_script_in_a_file(folder, style):
    config = {"optimiser.lr": 1e-5, "optimiser.name": "adam", "title": 'say "1e-5"', "flag": True}
    *_, option, path = command(folder, config, config_style=style, config_option="cfg")
    assert (option, Path(path).suffix) == ("--cfg", f".{style}")
    text = Path(path).read_text()
    expected = {"optimiser": {"lr": 1e-5, "name": "adam"}, "title": 'say "1e-5"', "flag": True}
    assert json.loads(text) == expected
    yaml = pytest.importorskip("yaml")  # PyYAML, as most scripts have it, speaks YAML 1.1
    assert yaml.safe_load(text) == expected
