"""The log of an experiment stays small, and whoever follows it misses nothing."""

from __future__ import annotations

import logging

import pytest

from harness.dispatch.follow import Tail
from harness.jobdir import JobDir
from harness.tuner.log_file import CappedLogFile

CAP = 2000


@pytest.fixture
def log(tmp_path):
    handler = CappedLogFile(JobDir(tmp_path), CAP)
    log = logging.getLogger("test_log_file")
    log.addHandler(handler)
    log.propagate = False
    yield log
    log.removeHandler(handler)
    handler.close()


def test_the_last_lines_are_kept_and_no_more(log, tmp_path):
    lines = [f"line {number} " + "x" * 80 for number in range(200)]
    for line in lines:
        log.warning(line)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2 and sum(sizes) < CAP + 200
    kept = [
        line for path in (JobDir(tmp_path).earlier_log, JobDir(tmp_path).log) for line in path.read_text().split("\n")
    ]
    assert [line for line in kept if line] == lines[-len([line for line in kept if line]) :]


def test_who_follows_the_log_sees_each_line_once(log, tmp_path):
    tail, seen = Tail(JobDir(tmp_path)), []
    for number in range(100):
        log.warning("line %d %s", number, "x" * 80)
        if number % 5 == 0:
            seen += tail.lines()
    seen += tail.lines()
    assert [int(line.split()[1]) for line in seen] == list(range(100))


def test_what_the_job_prints_goes_on_into_the_same_file(log, tmp_path):
    with open(JobDir(tmp_path).log, "ab") as printed:
        printed.write(b"x" * CAP + b"\n")
        printed.flush()
        log.warning("one")
        printed.write(b"printed\n")
    assert JobDir(tmp_path).log.read_text() == "printed\n"
