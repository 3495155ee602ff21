"""Whatever a trial prints: nothing is lost that counts, nothing grows without bounds, nobody waits."""

import time
import tracemalloc
from pathlib import Path

import psutil
import pytest
from local_trials import collect, trial

from harness.backends.capture import LOG_CAP, LONGEST, CappedLog, Scanner, Stream
from harness.core.events import Reported

REPORT = '[tune-metric]: {"a": %d}'


def test_output_that_is_not_utf8_survives(backend, tmp_path):
    run = backend("noise.py", what="bytes")
    run.start(trial(), None)
    report, exited = collect(run)
    assert report.metrics["acc"] == 0.5
    assert exited.exit_code == 0 and "is no UTF-8" in exited.tail
    assert b"caf\xe9" in (tmp_path / "job" / "0" / "std.out").read_bytes()


@pytest.mark.parametrize("what", ["flood", "endless"])
def test_a_flood_fills_neither_memory_nor_disk(backend, tmp_path, what):
    run = backend("noise.py", what=f"{what}:100")
    run.start(trial(), None)
    tracemalloc.start()
    report, exited = collect(run)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.metrics["acc"] == 0.5 and exited.exit_code == 0
    assert peak < 4e6
    logs = list((tmp_path / "job" / "0").glob("std.out*"))
    assert LOG_CAP / 2 <= sum(log.stat().st_size for log in logs) <= LOG_CAP


def test_timeouts_are_honoured_while_a_trial_floods(backend):
    run = backend("import sys\nwhile True: sys.stdout.write('x' * 9999 + '\\n')\n")
    run.start(trial(), None)
    started = time.monotonic()
    assert not run.wait(0.3)
    assert 0.3 <= time.monotonic() - started < 10


def test_wait_zero_looks_and_returns(backend):
    run = backend("import time; time.sleep(3600)")
    assert not run.wait(0)
    assert not run.wait(None), "nothing runs, nothing can come"
    run.start(trial(), None)
    assert not run.wait(0)


def test_thousands_of_reports_all_arrive(backend):
    run = backend("from harness.reporter import Reporter\nr = Reporter()\nfor i in range(5000): r(epoch=i)\n")
    run.start(trial(), None)
    events = collect(run)
    assert [event.metrics["epoch"] for event in events if isinstance(event, Reported)] == list(range(5000))


@pytest.mark.parametrize(
    "code",
    [
        "print('[tune-metric]: {\"acc\": 1}', end='')",
        "import subprocess; subprocess.Popen(['sleep', '3600']); print('[tune-metric]: {\"acc\": 1}', end='')",
    ],
    ids=["alone", "pipe held open"],
)
def test_a_report_without_its_newline_counts(backend, code):
    run = backend(code)
    run.start(trial(), None)
    assert collect(run)[0].metrics == {"acc": 1}


@pytest.mark.parametrize("number", [30, pytest.param(2000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_file_descriptors_stay_flat_over_many_trials(backend, number):
    run = backend("pass")
    run.start(trial(), None)
    collect(run)
    before, helpers = psutil.Process().num_fds(), len(psutil.Process().children())
    for trial_id in range(1, number, 2):
        run.start(trial(trial_id), None)
        run.start(trial(trial_id + 1), None)
        collect(run, exits=2)
    assert psutil.Process().num_fds() == before
    assert len(psutil.Process().children()) == helpers <= 2


def test_the_scanner_takes_chunks_cut_anywhere():
    lines = ["noise", REPORT % 1, "progress 5% " + REPORT % 2, "[tune-metric]: {torn", "", REPORT % 3, ""]
    text = "\n".join(lines).encode()
    for size in (1, 7, 31, len(text)):
        scanner = Scanner()
        found = [record for at in range(0, len(text), size) for record in scanner.feed(text[at : at + size])]
        assert found == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_a_report_of_full_length_is_found_after_an_endless_line():
    report = b'[tune-metric]: {"a": "' + b"x" * 49_000 + b'"}\n'
    scanner = Scanner()
    for _ in range(4):
        assert scanner.feed(b"." * LONGEST) == []
    found = [record for at in range(0, len(report), 1000) for record in scanner.feed(report[at : at + 1000])]
    assert len(found) == 1


def test_a_capped_log_keeps_the_end_over_several_legs(tmp_path):
    path = tmp_path / "std.out"
    for number in range(10):
        log = CappedLog(path, cap=40)
        log.write(b"line %d....\n" % number)
        log.close()
    assert path.read_bytes() == b"line 9....\n"
    assert (tmp_path / "std.out.1").read_bytes() == b"line 8....\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_costs_the_log_and_not_the_reports(tmp_path, caplog):
    printed = tmp_path / "printed"
    printed.write_text(f"{REPORT % 1}\n{REPORT % 2}\n")
    path = tmp_path / "std.out"
    path.symlink_to("/dev/full")
    stream = Stream(printed.open("rb", buffering=0), CappedLog(path), scan=True)
    assert stream.pump() == [{"a": 1}, {"a": 2}]
    assert "No space left" in caplog.text
    assert stream.pump() == [] and stream.ended
    stream.close()
