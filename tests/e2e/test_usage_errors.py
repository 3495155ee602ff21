"""Wrong use gives one clear line and exit code 2, and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ["launch", "--local_tuner", "--num_trials", "1"]


def harness(*argv):
    return subprocess.run([sys.executable, "-m", "harness", *argv], capture_output=True, text=True, cwd=ROOT)


LINES = [
    (
        ["--scheduler", "hyperband_stoping"],
        "unknown scheduler 'hyperband_stoping' (did you mean 'hyperband_stopping'?)",
    ),
    (["--searcher", "baysopt"], "did you mean 'bayesopt'"),
    (["--benchmark_name", "mlp_fashion"], "did you mean 'mlp_fashionmnist'"),
    (["--num_workers", "0"], "num_workers = '0': input should be greater than or equal to 1"),
    (["--num_workers", "two"], "num_workers = 'two'"),
    (["--num_wrokers", "2"], "unknown setting 'num_wrokers' (did you mean 'num_workers'?)"),
    (["--grace_period", "3"], "'grace_period' is not an argument of the chosen parts"),
    (["--benchmark_name", "a", "b"], "benchmark_name"),
    (["--run_id", "1", "1"], "run_id: values must be distinct"),
    (["--run_id", "-1"], "run_id"),
    (["--num_runs", "0"], "num_runs = '0'"),
    (
        ["--scheduler", "fifo", "hyperband_stopping", "--argument_groups", "scheduler searcher"],
        "'searcher' has no list",
    ),
    (["--random_seed_offset", "-1"], "random_seed_offset"),
    (["--experiment_name", "my_exp"], "experiment_name = 'my_exp': must be letters, digits and single hyphens"),
    (["--max_resource_level", "1.5"], "max_resource_level = '1.5'"),
    (["--num_workers"], "--num_workers: expected at least one argument"),
    (["--scheduler_timeout", "-5"], "scheduler_timeout = '-5'"),
    (["--scheduler_timeout", "inf"], "scheduler_timeout = 'inf'"),
    (["--max_failures", "0"], "max_failures = '0'"),
    (["--num_trials", ""], "num_trials = ''"),
    (["--run_id", "0", "x"], "run_id = 'x'"),
    (["--skip_initial_experiments", "-1"], "skip_initial_experiments"),
    (["--scheduler", "hyperband_stopping", "--reduction_factor", "1"], "reduction_factor = '1'"),
    (["--scheduler", "hyperband_stopping", "--grace_period", "100"], "grace_period 100 is above the maximum"),
    (["--scheduler", "hyperband_stopping", "--rung_levels", "1 x"], "rung_levels = '1 x'"),
    (["--num_workers", "1", "1"], "some experiments are the same"),
    (["--argument_groups", "|"], "argument_groups: a group without members"),
    (["--backend", "cloud"], "unknown back-end 'cloud'"),
    (["--backend", "simulated", "--benchmark_name", "mlp_digits"], "which is not tabulated"),
    (["--print_update_interval", "0"], "print_update_interval = '0'"),
    (["--searcher_num_init_random", "0", "--searcher", "bayesopt"], "searcher_num_init_random = '0'"),
    (["--experiment_name", "-x"], "--experiment_name: expected at least one argument"),
    (["--jobs", "0"], "--jobs: must be at least 1"),
    (["--runtime", "podman"], "podman"),
    (["stray"], "stray"),
]


@pytest.mark.parametrize(("argv", "message"), LINES)
def test_command_lines(argv, message, root):
    done = harness(*LAUNCH, *argv)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    assert list(root.iterdir()) == []


def test_neither_timeout_nor_num_trials(root):
    done = harness("launch", "--local_tuner")
    assert done.returncode == 2
    assert "nothing ends the experiment: give scheduler_timeout" in done.stderr


MANIFESTS = [
    ("num_trials: 1\nscheduler: fifoo\n", "m.yaml:2: unknown scheduler 'fifoo' (did you mean 'fifo'?)"),
    ("num_trials: {{ n }}\n", "m.yaml:1: template: 'n' is undefined"),
    ("num_trials: 1\nnum_worker: 2\n", "m.yaml:2: unknown setting 'num_worker' (did you mean 'num_workers'?)"),
    ("num_trials: 1\nnum_workers: 0\n", "m.yaml:2: num_workers = 0: input should be greater"),
    ("scheduler: fifo\n", "nothing ends the experiment"),
    ("num_trials: [1\nscheduler: fifo\n", "m.yaml:"),
    ("num_trials: 1\nsearcher: []\n", "searcher: an empty list"),
    ("num_trials: 1\nnum_trials: 2\n", "m.yaml:2:1: found duplicate key"),
    ("num_trials: 1\nno_debug_log: maybe\n", "no_debug_log = 'maybe'"),
    ("num_trials: 1\nmethods: [{scheduler: fifoo}]\n", "unknown scheduler 'fifoo'"),
    ("num_trials: 1\nmethods: none\n", "m.yaml:2: methods: expected a list of entries"),
    ("num_trials: 1\ninclude: nowhere.yaml\n", "nowhere.yaml: cannot read the manifest"),
    ("num_trials: 1\nexclude: [{scheduler: fifo}]\n", "exclude leaves no experiment"),
    ("num_trials: 1\nscheduler: {a: b}\n", "m.yaml:2: scheduler: expected a value or a list"),
    ("- num_trials\n", "m.yaml: expected 'name: value' lines at the top level"),
    ("num_trials: 1\nexperiment_name: [a, b]\n", "experiment_name takes one value"),
]


@pytest.mark.parametrize("command", ["plan", "sweep"])
@pytest.mark.parametrize(("text", "message"), MANIFESTS)
def test_manifests(command, text, message, root, tmp_path):
    (tmp_path / "m.yaml").write_text(text)
    done = harness(command, str(tmp_path / "m.yaml"))
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    assert list(root.iterdir()) == []


def test_a_missing_manifest(root):
    done = harness("sweep", "nowhere.yaml")
    assert (done.returncode, "nowhere.yaml: cannot read the manifest" in done.stderr) == (2, True)
