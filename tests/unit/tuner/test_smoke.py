"""Faults of training scripts that a trial run finds before hours are spent on them."""

from __future__ import annotations

import json

import pytest

from harness.jobdir import JobDir
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.tuner.smoke import smoke_job

pytestmark = pytest.mark.usefixtures("fake_benchmarks")

FAULTS = {
    "wrong metric": "without a number for the metric 'loss' (it held: epoch=1, val_loss=",
    "metric is text": "without a number for the metric 'loss'",
    "no report": "reported nothing: is the metric 'loss' reported?",
    "plain print": "reported nothing: is the metric 'loss' reported?",
    "nan": "the metric 'loss' is nan",
    "infinite": "the metric 'loss' is inf",
    "no resource": "without a number for the resource attribute 'epoch'",
    "wrong resource": "without a number for the resource attribute 'epoch' (it held: step=1",
    "counts from 0": "the first level reported after 0 is epoch 0, expected 1",
    "constant level": "levels do not rise: epoch 1, 1",
    "ignores its end": "told to end at epoch 1, the script went on to 9",
    "ends early": "told to end at epoch 2, the script ended at 1",
    "reserved name": "names that start with 'st_' are reserved",
    "missing dependency": "No module named 'a_package_that_nobody_has'",
    "splits blanks": "unrecognized arguments: words",
    "exit code": "failed with exit code 3 (user code)",
    "killed": "failed with exit code -9 (infrastructure)",
    "fails at the end": "failed with exit code 1 (user code): RuntimeError: could not say goodbye",
    "hangs": "no report within 1 s",
    "never ends": "told to end at 1 and still ran after 1 s a level",
    "orphan": "1 child processes of the script outlived it",
    "daemon": "1 child processes of the script outlived it",
    "flood": "printed 2 MB within one level",
    "no checkpoint": "the scheduler pauses trials, but the script wrote no checkpoint",
    "half a checkpoint": "leaves epoch.txt.tmp beside its checkpoint",
    "broken checkpoint": "resumed from its checkpoint: the script failed with exit code 1",
    "resume from 1": "resumed from its checkpoint: the first level reported after 1 is epoch 1, expected 2",
    "resume forgets": "resumed from its checkpoint: loss is 1.54 at the next level, without a break it is 0.54",
}


def smoke(path, fault, **values):
    settings = {"script": "seeded.py", "scheduler": "hyperband_promotion", "num_trials": 1, **values}
    (job,) = build(Raw({"fault": fault, "max_resource_level": 9, **settings}), 5).jobs()
    folder = JobDir(path)
    write_job(folder, job)
    code = smoke_job(folder.path, {}, seconds=1.0 if fault in ("hangs", "never ends") else 60.0)
    found = json.loads(folder.smoke.read_text())
    assert code == (1 if found["faults"] else 0)
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_found(tmp_path, fault):
    found = smoke(tmp_path, fault)
    assert any(FAULTS[fault] in line for line in found["faults"]), found


@pytest.mark.parametrize("scheduler", ["fifo", "hyperband_promotion"])
def test_a_sound_script_has_none(tmp_path, scheduler):
    found = smoke(tmp_path, "none", scheduler=scheduler)
    assert found["faults"] == []
    assert any("a checkpoint takes 0.00 MB" in note for note in found["notes"])


def test_training_that_varies_is_no_fault_of_its_resume(tmp_path):
    """Equal at the first level, as coarse metrics are."""
    found = smoke(tmp_path, "chance from epoch 2 on")
    assert found["faults"] == [] and any("not deterministic" in note for note in found["notes"])
