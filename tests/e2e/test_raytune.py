"""Ray Tune's schedulers with their searchers, through the whole of the harness, on the table of mlp_fashionmnist."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_simulated import harness

pytestmark = pytest.mark.slow
SEARCHERS = ["random", "bayesopt", "bayesopt_optuna"]
LAUNCH = ("launch", "--benchmark_name", "mlp_fashionmnist", "--backend", "simulated", "--local_tuner", "--runtime")


def ended(results: Path, *words: object) -> Path:
    """Folder of an experiment that must have ended well."""
    done = harness(*LAUNCH, "process", "--random_seed_offset", 5, *words, results=results)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    (folder,) = [path for path in results.iterdir() if not path.name.startswith(".")]
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "completed" and status["trials"]["Failed"] == 0
    return folder


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("searcher", SEARCHERS)
@pytest.mark.parametrize("scheduler", ["raytune_fifo", "raytune_fifo_synchronous"])
def test_fifo_brings_forty_trials_to_their_end(tmp_path: Path, scheduler: str, searcher: str) -> None:
    folder = ended(tmp_path, "--scheduler", scheduler, "--searcher", searcher, "--num_trials", 40)
    status = json.loads((folder / "status.json").read_text())
    assert (status["trials"]["Completed"], status["trials"]["Stopped"]) == (40, 0)


@pytest.mark.parametrize("searcher", SEARCHERS)
def test_hyperband_stops_trials_for_good_and_repeats_itself(tmp_path: Path, searcher: str) -> None:
    words = ("--scheduler", "raytune_hyperband", "--searcher", searcher, "--num_trials", 18)
    first, again = (ended(tmp_path / name, *words) for name in ("first", "again"))
    told = events(first)
    started = [event for event in told if event["event"] == "started"]
    stopped = {event["trial_id"]: place for place, event in enumerate(told) if cut(event)}
    assert len(started) >= 40 and len(stopped) >= 15
    for trial_id, place in stopped.items():
        assert [event["event"] for event in told[place + 1 :] if event.get("trial_id") == trial_id] == ["ended"]
    assert (first / "events.jsonl").read_bytes() == (again / "events.jsonl").read_bytes()


def cut(event: dict[str, Any]) -> bool:
    return event["event"] == "reported" and "Ray Tune's cut" in event.get("reason", "")


def test_its_searcher_goes_with_its_schedulers_alone(tmp_path: Path) -> None:
    done = harness(*LAUNCH, "process", "--searcher", "bayesopt_optuna", "--num_trials", 3, results=tmp_path)
    assert done.returncode == 2 and "raytune_fifo" in done.stderr and "Traceback" not in done.stderr
