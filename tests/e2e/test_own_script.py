"""A script that knows nothing of any tuner, tuned from the command line and from a manifest, here and in containers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "tests" / "fakes" / "scripts"
SPACE = "lr: {type: loguniform, lower: 1e-3, upper: 1}\ntitle: two words\n"
SETTINGS = {
    "benchmark_name": "script",
    "entry_point": "third_party.py",
    "config_space": "space.yaml",
    "metric": "val_acc",
    "mode": "max",
    "resource_attr": "epoch",
    "max_resource_level": 9,
    "max_resource_attr": "epochs",
    "metric_regex": r"val_acc=(\S+)",
    "resource_regex": r"epoch (\d+) of",
    "first_resource": 0,
    "num_workers": 2,
    "num_trials": 4,
}


@pytest.fixture
def folder(tmp_path, root):
    place = tmp_path / "mine"
    place.mkdir()
    for name in ("third_party.py", "helper_of_third_party.py"):
        shutil.copy(SCRIPTS / name, place)
    (place / "space.yaml").write_text(SPACE)
    return place


def launch(folder, *more, code=0, **settings):
    words = [word for name, value in {**SETTINGS, **settings}.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, str(ROOT / "scripts" / "launch_hpo.py"), "--local_tuner", *words, *more]
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def results(root):
    (path,) = root.glob("*/results.csv.zip")
    return pd.read_csv(path)


@pytest.mark.parametrize("scheduler", ["hyperband_stopping", "hyperband_promotion"])
def test_an_untouched_script_is_tuned_with_asha(folder, root, scheduler):
    launch(folder, scheduler=scheduler)
    frame = results(root)
    levels = frame.groupby("trial_id").epoch.apply(list)
    # A resumed trial starts over, since the script knows no checkpoints; what was known is not reported again.
    assert all(seen == list(range(1, len(seen) + 1)) for seen in levels)
    assert (levels.map(len) == 9).sum() >= 4
    assert levels.map(len).min() < 9, "ASHA ends poor trials early"
    expected = 1 - (frame.config_lr - 0.1) ** 2 - 1 / (frame.epoch + 1)
    assert (frame.val_acc - expected).abs().max() < 1e-4


def test_a_pattern_that_never_matches_fails_the_trial_with_its_reason(folder, root):
    output = launch(folder, code=1, metric_regex=r"valid_acc=(\S+)")
    assert "ended without a report of the metric 'val_acc'" in output
    assert r"metric_regex 'valid_acc=(\\S+)' matched no line of the output" in output


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_the_same_manifest_here_and_in_containers(folder, root):
    manifest = folder / "sweep.yaml"
    given = {**SETTINGS, "entry_point": str(folder / "third_party.py"), "config_space": str(folder / "space.yaml")}
    lines = [f"{name}: '{value}'" for name, value in given.items()]
    manifest.write_text("\n".join([*lines, "scheduler: hyperband_stopping", "random_seed_offset: 5", ""]))
    first = []
    for runtime in ("process", "docker"):
        command = [sys.executable, "-m", "harness", "sweep", str(manifest), "--runtime", runtime, "--fresh"]
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
        (facts,) = [path for path in root.glob("*/metadata.json") if json.loads(path.read_text())["runtime"] == runtime]
        frame = pd.read_csv(facts.with_name("results.csv.zip"))
        first.append(frame[frame.trial_id < 2].groupby("trial_id").config_lr.first().tolist())
    assert first[0] == first[1]
