"""Experiments of schedulers that pause trials come to an end, through the whole of the harness."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.test_simulated import launched
from tests.fakes.tables import write_table


def parallel(configurations: int = 40, top: int = 27) -> dict[str, list]:
    """Curves that never cross: their ranking is the same at all levels."""
    rows = [(config, epoch) for config in range(configurations) for epoch in range(1, top + 1)]
    return {
        "width": [config + 1 for config, _ in rows],
        "epoch": [epoch for _, epoch in rows],
        "seconds": [float(epoch) for _, epoch in rows],
        "loss": [(config * 17 % 41) / 41 + 1 / epoch for config, epoch in rows],
    }


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    description = {
        "hyperparameters": {"width": {"type": "randint", "lower": 1, "upper": 40}},
        "resource": "epoch",
        "elapsed_time": "seconds",
        "metrics": {"loss": "min"},
    }
    return write_table(tmp_path_factory.mktemp("table") / "parallel.parquet", parallel(), description)


def ended(results: Path, *words: object) -> tuple[dict, Counter[int]]:
    """Status of the experiment, and how many trials reached each level."""
    (folder,) = launched(results, *words)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    levels = Counter(it["metrics"]["epoch"] for it in events if it["event"] == "reported")
    return json.loads((folder / "status.json").read_text()), levels


def test_pasha_ends_once_enough_trials_got_as_far_as_it_lets_any(tmp_path, table):
    status, levels = ended(tmp_path, "--table", table, "--scheduler", "hyperband_pasha", "--num_trials", 3)
    assert status["state"] == "completed" and status["trials"]["Completed"] == 0
    assert status["reason"] == "3 trials completed, or got as far as the scheduler lets any"
    assert levels[3] >= 3 and max(levels) == 3


def test_hyperband_brings_trials_to_the_end_of_a_space_that_fills_no_rung(tmp_path, table):
    words = ("--scheduler", "hyperband_synchronous", "--brackets", 1, "--num_trials", 99, "--num_workers", 3)
    status, levels = ended(tmp_path, "--table", table, *words)
    assert (status["state"], status["reason"]) == ("completed", "the search space is exhausted")
    # 27 and 13 trials at the lowest level, of which the best 9 go on each time.
    assert [levels[level] for level in (1, 3, 9, 27)] == [40, 18, 6, 2]
