"""The same sweep in containers as in processes: same seeds, same initial configurations."""

from __future__ import annotations

import json

import pytest

from tests.fakes.sweeps import Sweep

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


def test_a_sweep_in_containers_equals_one_in_processes(root, tmp_path):
    (root / "docker").mkdir()
    (root / "process").mkdir()
    sweeps = {}
    offset = ("--vars", "runs=1", "--random_seed_offset", "11")
    for runtime in ("docker", "process"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SYNETUNE_FOLDER", str(root / runtime))
            sweeps[runtime] = Sweep(root / runtime, tmp_path, runtime)
            sweeps[runtime].run(*offset, timeout=800)
            assert "nothing to do" in sweeps[runtime].run(*offset)
    inside, outside = sweeps["docker"], sweeps["process"]
    assert inside.first_configs() == outside.first_configs()
    assert set(inside.jobs()) == set(outside.jobs())
    for path in inside.root.glob("*/metadata.json"):
        facts = json.loads(path.read_text())
        assert facts["runtime"] == "docker"
        assert facts["image"].startswith("hpo-harness:c-")
        assert facts["image_id"].startswith("sha256:") and facts["image_base"] and facts["engine_version"]
