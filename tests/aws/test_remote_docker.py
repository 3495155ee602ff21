"""`make remote` as a user meets it: the real image, pushed to ECR and pulled from it, trains in containers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = """
experiment_name: {name}
benchmark_name: {benchmark}
scheduler: {scheduler}
searcher: {searcher}
backend: {backend}
num_trials: 2
max_resource_level: 3
num_workers: 2
random_seed_offset: 7
{more}
"""

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """Environment of a client of AWS, emulated by a process of its own, as `harness emulate-aws` prints it."""
    log = tmp_path_factory.mktemp("emulator") / "log"
    command = [sys.executable, "-m", "harness", "emulate-aws", "--port", "0", "--executor", "docker"]
    with open(log, "w") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while "Ctrl-C" not in log.read_text():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert "cannot be pushed" not in log.read_text(), "install docker-registry and apache2-utils"
        yield dict(re.findall(r"export (\w+)=(\S+)", log.read_text()))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.fixture
def harness(aws, root, tmp_path):
    environment = {**os.environ, **aws, "DOCKER_CONFIG": str(tmp_path)}

    def run(*words, folder=root):
        done = subprocess.run(
            [sys.executable, "-m", "harness", *map(str, words)],
            cwd=ROOT,
            env={**environment, "SYNETUNE_FOLDER": str(folder)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def first_configs(folder):
    """run id and searcher -> configuration of the first trial."""
    found = {}
    for path in folder.glob("*/metadata.json"):
        facts = json.loads(path.read_text())
        events = [json.loads(line) for line in (path.parent / "events.jsonl").read_text().splitlines()]
        found[facts["run_id"], facts["searcher"]] = next(event["config"] for event in events if "config" in event)
    return found


def test_experiments_train_on_sagemaker_with_the_seeds_and_configurations_of_this_machine(harness, root, tmp_path):
    values = {"benchmark": "mlp_fashionmnist", "scheduler": "hyperband_stopping", "searcher": "[random, bayesopt]"}
    manifest = tmp_path / "both.yaml"
    manifest.write_text(MANIFEST.format(name="both", backend="local", more="num_runs: 2", **values))
    said = harness("remote", manifest, "--wait", "--poll_seconds", 2)
    assert said.count(": accepted: ") == 4
    assert "nothing" in harness("remote", manifest) or "4 finished" in harness("remote", manifest)
    elsewhere = tmp_path / "elsewhere"
    assert "4 completed" in harness("status", "both", folder=elsewhere)
    harness("collect", "both", folder=elsewhere)
    assert "completed" in harness("logs", "both")
    here = tmp_path / "here"
    harness("sweep", manifest, "--runtime", "process", "--jobs", 2, folder=here)
    assert len(first_configs(here)) == 4
    assert first_configs(elsewhere) == first_configs(here) == first_configs(root)
    for path in root.glob("both-*/metadata.json"):
        facts = json.loads(path.read_text())
        assert facts["runtime"] == "sagemaker" and "@sha256:" in facts["image"]


def test_a_loop_on_sagemaker_pauses_and_resumes_trials_there(harness, root, tmp_path):
    values = {"benchmark": "mlp_digits", "scheduler": "hyperband_promotion", "searcher": "random"}
    manifest = tmp_path / "trials.yaml"
    manifest.write_text(MANIFEST.format(name="trials", backend="sagemaker", more="tuner_sleep_time: 1", **values))
    said = harness("remote", manifest, "--wait", "--poll_seconds", 2)
    assert "completed" in said
    (folder,) = root.glob("trials-*")
    events = (folder / "events.jsonl").read_text()
    assert '"resumed"' in events
    assert json.loads((folder / "metadata.json").read_text())["backend"] == "SageMakerBackend"
