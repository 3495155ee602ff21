"""What a script names beside it as its needs, and what of that is missing."""

from __future__ import annotations

import pytest

from harness.cli.prepare import open_runtime
from harness.cli.script_needs import in_image, installed, lacking, package_names
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.runtime.bases import ROOT


def test_names_are_normalised_and_options_left_out():
    lines = [
        "# ours",
        "Scikit_Learn>=1.4  # trees",
        "-r other.txt",
        "PyYAML==6",
        "https://x/y.whl",
        "uvicorn[standard]",
    ]
    assert package_names("\n".join(lines)) == ["scikit-learn", "pyyaml", "uvicorn"]


def test_dependencies_txt_comes_before_requirements_txt(tmp_path):
    script = tmp_path / "train.py"
    assert lacking(script, installed) is None
    (tmp_path / "requirements.txt").write_text("numpy\nno-such-package-of-ours\n")
    assert lacking(script, installed) == (tmp_path / "requirements.txt", ["no-such-package-of-ours"])
    (tmp_path / "dependencies.txt").write_text("numpy\n")
    assert lacking(script, installed) is None


def test_the_image_holds_what_its_locks_name():
    assert {"numpy", "scikit-learn", "torch"} <= set(in_image(ROOT))


@pytest.mark.parametrize(("needs", "said"), [("numpy\n", False), ("no-such-package-of-ours>=2\n", True)])
def test_a_script_that_needs_more_is_told_of(tmp_path, needs, said):
    (tmp_path / "train.py").write_text("")
    (tmp_path / "space.yaml").write_text("x: {type: uniform, lower: 0, upper: 1}\n")
    (tmp_path / "dependencies.txt").write_text(needs)
    paths = {"entry_point": str(tmp_path / "train.py"), "config_space": str(tmp_path / "space.yaml")}
    plan = build(Raw({"benchmark_name": "script", "num_trials": 1, "metric": "loss", **paths}), 0)
    lines: list[str] = []
    open_runtime("process", tmp_path, plan, install=False, say=lines.append)
    notes = [line for line in lines if "names no-such-package-of-ours, which trials will not find" in line]
    assert bool(notes) is said
