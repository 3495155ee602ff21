"""What the shipped manifests expand into."""

from pathlib import Path

import pytest

from harness.manifest.load import load_manifest
from harness.plan.build import build
from harness.plan.show import experiment_label
from harness.plugins import METHODS

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = {
    "mobster": ["ASHA", "MOBSTER"] * 2,
    "seed_examples": [
        "MOBSTER max_resource_level=27 scheduler_timeout=120",
        "RS max_resource_level=27 scheduler_timeout=120",
        "MOBSTER max_resource_level=81 scheduler_timeout=240",
        "RS max_resource_level=81 scheduler_timeout=240",
    ],
    "ablation": [
        "MOBSTER reduction_factor=3 grace_period=1 brackets=1",
        "MOBSTER reduction_factor=2 grace_period=1 brackets=1",
        "MOBSTER reduction_factor=4 grace_period=1 brackets=1",
        "MOBSTER reduction_factor=3 grace_period=3 brackets=1",
        "MOBSTER reduction_factor=3 grace_period=1 brackets=2",
        "ASHA reduction_factor=3 grace_period=1 brackets=1",
    ]
    * 5,
    "methods": [
        *(
            f"{method} on mlp_fashionmnist max_resource_level=9"
            for method in ("RS", "BO", "ASHA", "ASHA-promotion", "MOBSTER")
        ),
        *(f"{method} on mlp_fashionmnist max_resource_level=27" for method in ("ASHA", "ASHA-promotion", "MOBSTER")),
    ]
    * 3,
}


def plan(name, **variables):
    return build(load_manifest(ROOT / "experiments" / f"{name}.yaml", variables), 1)


@pytest.mark.parametrize("name", EXPECTED)
def test_shipped_manifests(name):
    made = plan(name)
    assert [experiment_label(job.settings, made) for job in made.jobs()] == EXPECTED[name]


def test_every_shipped_manifest_is_covered():
    assert {path.stem for path in (ROOT / "experiments").glob("*.yaml")} <= {*EXPECTED, "peers", "simulated"}


def test_the_peers_are_all_methods_but_those_that_others_stand_for():
    named = {(job.settings["scheduler"], job.settings["searcher"]) for job in plan("peers").jobs()}
    assert set(METHODS.values()) - named == {METHODS[name] for name in ("MOBSTER-promotion", "PASHA", "Ray-RS")}
    assert len(list(plan("peers").jobs())) == 2 * 5 * len(named)
    assert not [job for job in plan("peers", peers=False).jobs() if "ray" in job.settings["scheduler"]]


def test_variables_change_the_study():
    assert len(plan("mobster", num_runs=10, scheduler_timeout=3600)) == 20
    assert "bayesopt" not in {job.settings["searcher"] for job in plan("methods", quick=True).jobs()}
