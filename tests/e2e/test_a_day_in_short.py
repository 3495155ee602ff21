"""A day in short: thousands of trials of one experiment. What the tuner holds, and what a trial costs, do not grow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.jobdir import JobDir, read_json
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job

ROOT = Path(__file__).resolve().parents[2]
TRIALS = int(os.environ.get("DAY_TRIALS", "2000"))
STEP = 100
SETTINGS = {
    "script": "curve.py",
    "delay": 0.05,
    "preload": "argparse",
    "max_resource_level": 1,
    "num_workers": 2,
    "scheduler": "fifo",
    "searcher": "random",
    "num_trials": TRIALS,
    "results_update_interval": 2,
}
DRIVER = """
import sys
from pathlib import Path
from benchmarks import benchmark_factory
from tests.fakes.benchmark import TABLE
benchmark_factory.BENCHMARKS = TABLE
from harness.tuner.run_job import run_job
sys.exit(run_job(Path(sys.argv[1]), {}))
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.usefixtures("fake_benchmarks")]


class Mark:
    """What the tuner held, and it and all its descendants had spent, when so many trials had ended."""

    def __init__(self, tuner: psutil.Process, ended: int) -> None:
        self.ended = ended
        self.memory, self.files, self.own = tuner.memory_info().rss, tuner.num_fds(), sum(tuner.cpu_times()[:2])
        # Trials are children of the fork server, which is one of the tuner.
        self.trials = sum(sum(child.cpu_times()[:4]) for child in tuner.children())


def marks(tuner: psutil.Process, events: Path) -> list[Mark]:
    """One for about every hundred trials, while more are to come."""
    found: list[Mark] = []
    while tuner.status() != psutil.STATUS_ZOMBIE:
        ended = events.read_bytes().count(b'"event": "ended"') if events.exists() else 0
        if STEP * (len(found) + 1) <= ended < TRIALS - 1:
            found.append(Mark(tuner, ended))
        time.sleep(0.1)
    return found


def cost(before: Mark, after: Mark) -> tuple[float, float]:
    """Seconds of CPU time for each trial between: of the tuner, and of the trial and who forks it."""
    number = after.ended - before.ended
    return (after.own - before.own) / number, (after.trials - before.trials) / number


def test_a_day_in_short(tmp_path):
    (job,) = build(Raw(SETTINGS), 5).jobs()
    write_job(JobDir(tmp_path), job)
    with subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)], cwd=ROOT) as process:
        found = marks(psutil.Process(process.pid), JobDir(tmp_path).events)
    assert process.returncode == 0
    assert read_json(JobDir(tmp_path).status)["trials"]["Completed"] == TRIALS
    memory, files = [mark.memory for mark in found], [mark.files for mark in found]
    first, last = cost(found[0], found[1]), cost(found[-2], found[-1])
    print(
        f"memory {memory[0] / 1e6:.1f} to {max(memory) / 1e6:.1f} MB, {min(files)} to {max(files)} open files, "
        f"CPU of the tuner {first[0] * 1e3:.2f} to {last[0] * 1e3:.2f} ms a trial, "
        f"of the trial {first[1] * 1e3:.1f} to {last[1] * 1e3:.1f} ms"
    )
    assert max(memory) - memory[0] <= 20e6
    assert max(files) - min(files) <= 10, "a trial holds five, and there are two"
    # A busy machine makes seconds of CPU time dearer; what grows with the number of trials would be 20 times as dear.
    assert last[0] < 2 * first[0] and last[1] < 2 * first[1]
