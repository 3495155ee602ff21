from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

import pytest

from benchmarks.mlp_fashionmnist.definition import MlpOptions, define
from harness.reporter import parse

DATA = Path(__file__).parents[2] / "data" / "fashion_mnist_small"
CONFIG = {
    "n_units_1": 64,
    "n_units_2": 32,
    "batch_size": 32,
    "dropout_1": 0.2,
    "dropout_2": 0.1,
    "learning_rate": 1e-3,
    "weight_decay": 1e-5,
}


def arguments(epochs, **more):
    values = {**CONFIG, "epochs": epochs, "dataset_path": DATA, "train_seed": 1, **more}
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


@pytest.fixture
def run(capsys):
    import torch

    from benchmarks.mlp_fashionmnist.train import main

    def reports(epochs, **more):
        main(arguments(epochs, **more))
        return [report for line in capsys.readouterr().out.splitlines() if (report := parse(line))]

    yield reports
    torch.set_flush_denormal(False)  # what the script sets would hold for later tests of this process


def test_the_definition_needs_no_heavy_library():
    heavy = ("torch", "pandas", "scipy")
    code = f"import sys, benchmarks.mlp_fashionmnist.definition; print([n for n in {heavy} if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_what_the_definition_passes_is_what_the_script_takes():
    from benchmarks.mlp_fashionmnist.train import parse as parse_arguments

    benchmark = define(MlpOptions(dataset_path="/data", report_current_best=True), max_resource_level=27)
    space = benchmark.problem.space
    values = {**space.constants, **space.midpoint(), "dataset_path": benchmark.data["dataset_path"].folder}
    parsed = vars(parse_arguments([word for name, value in values.items() for word in (f"--{name}", str(value))]))
    assert values.items() <= parsed.items()
    assert (parsed["epochs"], parsed["report_current_best"]) == (27, True)
    assert benchmark.script.is_file()


def test_training_learns_and_the_best_so_far_never_falls(run):
    plain = [report["accuracy"] for report in run(12, learning_rate=3e-3)]
    best = [report["accuracy"] for report in run(12, learning_rate=3e-3, report_current_best=True)]
    assert plain[-1] > max(0.75, plain[0])
    assert best == list(accumulate(plain, max)) != plain


def test_a_diverging_run_reports_a_low_accuracy(run):
    reports = run(2, learning_rate=1e38)
    assert [report["epoch"] for report in reports] == [1, 2]
    assert all(0 <= report["accuracy"] < 0.3 for report in reports)


def test_after_a_kill_the_curve_goes_on_as_if_unbroken(run, tmp_path):
    command = [sys.executable, "-m", "benchmarks.mlp_fashionmnist.train", *arguments(1000, st_checkpoint_dir=tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        broken = [parse(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGKILL)
        broken += filter(None, map(parse, process.stdout))
    last = broken[-1]
    # A kill between writing a checkpoint and reporting it loses that one report.
    resumed = run(last["epoch"] + 3, st_checkpoint_dir=tmp_path)
    assert resumed[0]["epoch"] in (last["epoch"] + 1, last["epoch"] + 2)
    assert resumed[0]["elapsed_time"] > last["elapsed_time"]
    unbroken = {report["epoch"]: report["accuracy"] for report in run(last["epoch"] + 3)}
    assert {report["epoch"]: report["accuracy"] for report in broken + resumed}.items() <= unbroken.items()
    assert run(last["epoch"] + 3, st_checkpoint_dir=tmp_path) == []


def test_adam_follows_the_paper():
    import torch

    from benchmarks.mlp_fashionmnist.train import Adam

    torch.manual_seed(0)
    weights = torch.randn(5, 3)
    expected, mean, square = weights.clone(), 0.0, 0.0
    adam = Adam([weights], learning_rate=0.1, weight_decay=0.5)
    for step in range(1, 6):
        adam.step([3 * weights**2])
        gradient = 3 * expected**2 + 0.5 * expected
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        expected -= 0.1 * mean / (1 - 0.9**step) / ((square / (1 - 0.999**step)).sqrt() + 1e-8)
    torch.testing.assert_close(weights, expected)


def test_dropout_keeps_the_mean_and_rests_in_evaluation():
    import torch

    from benchmarks.mlp_fashionmnist.train import Dropout

    torch.manual_seed(0)
    dropout, ones = Dropout(0.75), torch.ones(10_000)
    assert set(dropout(ones).tolist()) == {0.0, 4.0}
    assert abs(float(dropout(ones).mean()) - 1) < 0.1
    assert dropout.eval()(ones) is ones
