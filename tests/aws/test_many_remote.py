"""Hundreds of experiments against a narrow limit, and the seed's commands where nothing to train with is installed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.aws.launching import IMAGE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]


def test_two_hundred_experiments_at_five_calls_a_second(launching):
    """The jobs wait for an instance for ever: it is the launch that is looked at."""
    launching.aws.settings.change({"start_delay": 3600})
    launching.aws.faults.add(service="sagemaker", per_second=5)
    manifest = launching.manifest(num_runs=200)
    begun = time.monotonic()
    code, _, err = launching.remote(manifest)
    took = time.monotonic() - begun
    assert code == 0, err
    jobs = launching.jobs(manifest)
    assert len(jobs) == len({job.request["CheckpointConfig"]["S3Uri"] for job in jobs}) == 200
    assert 195 / 5 < took < 2 * 200 / 5
    launching.aws.calls.clear()
    assert "200 launched" in launching.run("status", manifest)[1]
    assert len(launching.aws.calls.find("sagemaker")) <= 10, "lists alone: 100 jobs a page, two for all"
    for job in jobs:
        launching.aws.jobs.stop(job)


# The packages that only trainings need cannot be imported; the image, in which nothing is run here, is not pushed.
BARE = """
import runpy, sys
from importlib.machinery import PathFinder
from types import SimpleNamespace

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = {"ray", "skopt", "torch", "sklearn", "transformers", "syne_tune", "pandas"}
        return None if name.partition(".")[0] in absent else super().find_spec(name, path, target)

sys.meta_path = [Bare if finder is PathFinder else finder for finder in sys.meta_path]
import harness.runtime.push
harness.runtime.push.push_image = lambda say: SimpleNamespace(by_digest="IMAGE")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
""".replace("IMAGE", IMAGE)
ASKED = "--benchmark_name mlp_fashionmnist --scheduler_timeout 120"
MOBSTER = f"--scheduler hyperband_stopping --searcher bayesopt {ASKED}"
COMMANDS = {
    MOBSTER: 1,
    f"{MOBSTER} --run_id 0 1 2 3 4": 5,
    f"{MOBSTER} --num_runs 5": 5,
    f"--scheduler fifo hyperband_stopping --searcher bayesopt random {ASKED}": 4,
    "--scheduler hyperband_stopping fifo --searcher bayesopt random --max_resource_level 9 27 81 "
    f'{ASKED} --argument_groups "scheduler searcher"': 6,
    "--scheduler hyperband_stopping fifo --searcher bayesopt random --benchmark_name mlp_fashionmnist "
    "--max_resource_level 27 81 --scheduler_timeout 120 240 "
    '--argument_groups "scheduler searcher|max_resource_level scheduler_timeout"': 4,
    f"--scheduler raytune_fifo raytune_hyperband --searcher bayesopt random {ASKED} --image_uri {IMAGE}": 4,
    f"{MOBSTER} --backend sagemaker": 1,
    f"{MOBSTER} --backend sagemaker --tuner_instance_type ml.c5.xlarge": 1,
    f"{MOBSTER} --num_runs 5 --skip_initial_experiments 3": 2,
}


def launch(words, timeout=120):
    command = [sys.executable, "-c", BARE, str(ROOT / "scripts" / "launch_hpo.py"), *shlex.split(words)]
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=timeout)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_seeds_commands_need_none_of_the_packages_that_train(launching, command):
    launching.aws.settings.change({"start_delay": 3600})
    before = len(launching.aws.jobs.all())
    data = ROOT / "tests" / "data" / "fashion_mnist_small"
    done = launch(f"{command} --sagemaker_execution_role hpo-harness-emulated --dataset_path {data}")
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = launching.aws.jobs.all()[before:]
    assert len(jobs) == COMMANDS[command] and f"{jobs[-1].name}" in done.stdout
    kind = "ml.c5.xlarge" if "sagemaker" in command else "ml.c5.4xlarge"
    assert {job.request["ResourceConfig"]["InstanceType"] for job in jobs} == {kind}
    assert {job.request["StoppingCondition"]["MaxRuntimeInSeconds"] for job in jobs} <= {1921, 2042}
    assert re.search(r"For the record: (\S+) .. (\S+)", done.stdout).groups() == (jobs[0].name, jobs[-1].name)
    for job in jobs:
        launching.aws.jobs.stop(job)


def test_a_loop_here_with_its_trials_on_sagemaker_needs_none_of_them_either(launching):
    """The trials, which never get an instance, have these packages in their image."""
    launching.aws.settings.change({"start_delay": 3600})
    data = ROOT / "tests" / "data" / "fashion_mnist_small"
    words = MOBSTER.replace("120", "3") + f" --local_tuner --backend sagemaker --image_uri {IMAGE} --num_workers 2"
    before = len(launching.aws.jobs.all())
    done = launch(f"{words} --sagemaker_execution_role hpo-harness-emulated --dataset_path {data}")
    assert done.returncode == 0, done.stdout + done.stderr
    trials = launching.aws.jobs.all()[before:]
    assert len(trials) == 2
    assert {job.request["ResourceConfig"]["InstanceType"] for job in trials} == {"ml.c5.4xlarge"}
    launching.until(lambda: all(job.status == "Stopped" for job in trials))
