"""The journal survives torn lines; the state is a fold of what it holds."""

from harness.ledger.journal import Journal
from harness.ledger.state import fold


def test_what_was_appended_is_read_back_in_order(tmp_path):
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    assert list(journal.entries()) == []
    for number in range(3):
        journal.append("created", offset=number)
    assert [entry["offset"] for entry in journal.entries()] == [0, 1, 2]


def test_a_torn_last_line_costs_that_line_only(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("created", offset=1)
    journal.append("submitting", job_id="a", tuner_name="n")
    text = journal.path.read_bytes()
    journal.path.write_bytes(text[:-9])
    journal.append("ended", job_id="b", state="completed")
    assert [entry["event"] for entry in journal.entries()] == ["created", "ended"]


def test_the_fold_knows_offset_names_attempts_and_states():
    state = fold(
        [
            {"event": "created", "offset": 5},
            {"event": "submitting", "job_id": "a", "tuner_name": "x"},
            {"event": "ended", "job_id": "a", "state": "failed"},
            {"event": "submitting", "job_id": "a", "tuner_name": "x"},
            {"event": "submitting", "job_id": "b", "tuner_name": "y"},
            {"event": "ended", "job_id": "b", "state": "completed"},
            {"event": "ended", "job_id": "never submitted", "state": "completed"},
            {"event": "of a later version"},
        ]
    )
    assert state.offset == 5
    assert {key: (job.state, job.attempts, job.tuner_name) for key, job in state.jobs.items()} == {
        "a": ("submitting", 2, "x"),
        "b": ("completed", 1, "y"),
    }
    assert fold([{"event": "created", "offset": 5}, {"event": "fresh"}]).offset is None
