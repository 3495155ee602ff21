"""`harness why`: what the record of an experiment says of its decisions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.__main__ import main
from tests.e2e.test_simulated import launched
from tests.fakes.tables import curves, write_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("why")
    table = write_table(root / "curves.parquet", curves(nan=0.05))
    words = ("--table", table, "--scheduler", "hyperband_promotion", "--num_trials", 4, "--random_seed_offset", 1)
    (found,) = launched(root / "results", *words)
    return found


def events(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def told(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["why", *map(str, words)]) == 0
    return capsys.readouterr().out


def steps(capsys: pytest.CaptureFixture[str], folder: Path, trial_id: int) -> list[dict]:
    return json.loads(told(capsys, folder, trial_id, "--json"))


def test_a_trial_that_completed_tells_each_promotion(capsys, folder):
    trial_id = next(it["trial_id"] for it in events(folder) if it.get("status") == "Completed")
    found = steps(capsys, folder, trial_id)
    expected = ["started", "paused", "promoted", "paused", "promoted", "completed"]
    assert [step["what"] for step in found] == expected
    promoted = found[2]["grounds"]
    assert promoted["rank"] <= promoted["places"] and promoted["value"] <= promoted["cutoff"]
    text = told(capsys, folder, trial_id)
    assert f"rank {promoted['rank']} of {promoted['count']} at level 1; the best" in text
    assert text.splitlines()[0] == f"trial {trial_id}:" and "the maximum is reached" in text.splitlines()[-1]


def test_ranks_are_those_of_the_values_recorded_until_then(capsys, folder):
    seen = {1: [], 3: []}
    for event in events(folder):
        if event["event"] != "reported" or event["metrics"]["epoch"] not in seen:
            continue
        loss, values = event["metrics"]["loss"], seen[event["metrics"]["epoch"]]
        values.append(loss)
        if loss == loss:
            rank = 1 + sum(value < loss for value in values)
            assert (event["grounds"]["rank"], event["grounds"]["count"]) == (rank, len(values))
            assert event["grounds"]["value"] == loss
        else:
            assert "value" not in event["grounds"]
    assert len(seen[1]) > 12 and len(seen[3]) > 3


def test_a_trial_that_waits_for_good_tells_what_it_would_have_taken(capsys, folder):
    history = events(folder)
    waiting = next(
        it for it in history if it.get("status") == "Paused" and not any(
            other["event"] == "resumed" and other["trial_id"] == it["trial_id"] for other in history
        )
    )  # fmt: skip
    last = steps(capsys, folder, waiting["trial_id"])[-1]
    assert last["what"] == "paused"
    final = [it["grounds"] for it in history if it.get("grounds", {}).get("level") == 1][-1]
    assert last["later"] == final
    text = told(capsys, folder, waiting["trial_id"]).splitlines()[-1]
    assert text.strip() == (
        f"never promoted; at last, of {final['count']} values there the best {final['places']} go on: "
        f"{final['cutoff']:.4g} or better"
    )


def test_an_experiment_is_found_by_its_name(capsys, folder, monkeypatch):
    monkeypatch.setenv("SYNETUNE_FOLDER", str(folder.parent))
    assert told(capsys, folder.name, 0) == told(capsys, folder, 0)


def test_a_line_that_was_cut_off_is_left_out(capsys, folder, tmp_path):
    text = (folder / "events.jsonl").read_text()
    (tmp_path / "events.jsonl").write_text(text[:-9])
    assert told(capsys, tmp_path, 0) == told(capsys, folder, 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["nowhere", "0"],
            "FOLDER = 'nowhere': no experiment of that name: there is neither nowhere/events.jsonl nor ",
        ),
        (["{folder}", "zero"], "TRIAL = 'zero': expected the number of a trial, from 0 up"),
        (["{folder}", "9999"], "there is no trial 9999; trials are 0 to "),
        (["{broken}", "0"], "events.jsonl:1: no event of an experiment"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(capsys, folder, tmp_path, words, message):
    (tmp_path / "events.jsonl").write_text("nonsense\n{}\n")
    assert main(["why", *(word.format(folder=folder, broken=tmp_path) for word in words)]) == 2
    assert message in capsys.readouterr().err and len(message.splitlines()) == 1
