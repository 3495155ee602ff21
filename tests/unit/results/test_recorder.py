"""What the recorder writes of decisions."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

import pytest

from harness.core.decisions import CONTINUE, Action, Decision, Grounds, Resume
from harness.core.trial import Result, Status, Trial
from harness.jobdir import JobDir
from harness.results.recorder import Recorder

FULL = Grounds(level=3, value=-0.25, rank=2, count=9, places=3, cutoff=1e-7, bracket=1)


@pytest.fixture
def recorder(tmp_path):
    return Recorder(JobDir(tmp_path), {"c": 1}, interval=30)


def events(recorder, tmp_path):
    recorder.close()
    return [json.loads(line) for line in JobDir(tmp_path).events.read_text().splitlines()]


@pytest.mark.parametrize("left_out", [(), ("value",), ("cutoff", "bracket")])
def test_every_ground_that_there_is_is_written(recorder, tmp_path, left_out):
    facts = {**asdict(FULL), **dict.fromkeys(left_out)}
    assert None not in {getattr(FULL, field.name) for field in fields(Grounds)}
    decision = Decision(Action.CONTINUE, 9, 'epoch 3: "so"', Grounds(**facts))
    result = Result(0, 0, 3, 0.25, {"epoch": 3, "accuracy": 0.25}, 1.23456789)
    recorder.reported(Trial(0, {"x": 2.0}), result, decision)
    recorder.resumed(Trial(0, {"x": 2.0}, until=9, leg=1), 2.0, Resume(0, 9, 9, "best", Grounds(**facts)))
    grounds = {name: value for name, value in facts.items() if value is not None}
    reported, resumed = events(recorder, tmp_path)
    assert reported == {
        **{"event": "reported", "trial_id": 0, "leg": 0, "at": 1.234568, "metrics": {"epoch": 3, "accuracy": 0.25}},
        **{"decision": "CONTINUE", "milestone": 9, "reason": 'epoch 3: "so"', "grounds": grounds},
    }
    assert resumed == {
        **{"event": "resumed", "trial_id": 0, "leg": 1, "at": 2.0, "until": 9, "milestone": 9},
        **{"reason": "best", "grounds": grounds},
    }


def test_starts_and_ends_leave_out_what_there_is_not(recorder, tmp_path):
    trial = Trial(4, {"x": 2.0, "kind": "a,b"}, bracket=1)
    recorder.started(trial, 0.0, 0.00012345)
    recorder.reported(trial, Result(4, 0, None, 1.0, {"loss": float("nan")}, 1.0), CONTINUE)
    trial.status = Status.FAILED
    recorder.ended(trial, 2.5, "exit code 1", 1, "last\nline")
    started, _, ended = events(recorder, tmp_path)
    assert started == {
        **{"event": "started", "trial_id": 4, "leg": 0, "at": 0.0, "config": {"x": 2.0, "kind": "a,b"}},
        **{"bracket": 1, "suggest_seconds": 0.000123},
    }
    assert ended == {
        **{"event": "ended", "trial_id": 4, "leg": 0, "at": 2.5, "status": "Failed", "reason": "exit code 1"},
        **{"exit_code": 1, "tail": "last\nline"},
    }
