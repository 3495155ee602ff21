"""A script that does not report, run with its output and logs read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from harness.relay.patterns import Patterns, number
from harness.reporter import parse

BASE = {"metric": "acc", "resource": "epoch", "metric_regex": None, "resource_regex": None, "first": 1, "known": 0}


def relay(tmp_path, code, **spec):
    """Reports (metric and level), standard error, and the finished process."""
    command = [sys.executable, "-P", "-m", "harness.relay", json.dumps({**BASE, **spec}), sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    reports = [report for line in done.stdout.splitlines() if (report := parse(line))]
    plain = [{key: value for key, value in report.items() if not key.startswith("st_")} for report in reports]
    return plain, done.stderr, done


def levels(reports):
    return [(report["epoch"], report["acc"]) for report in reports]


@pytest.mark.parametrize(
    ("text", "value"), [("0.91,", 0.91), ("(3)", 3.0), ("91%", 91.0), ("1e-3.", 1e-3), ("-0.5", -0.5), ("n/a", None)]
)
def test_numbers_of_log_lines(text, value):
    assert number(text) == value


def test_a_metric_belongs_to_the_last_level_and_named_groups_are_metrics():
    patterns = Patterns("acc", r"acc (?P<acc>\S+)(?: loss (?P<loss>\S+))?", r"epoch (\d+)", 1)
    assert patterns.find("acc 0.1") is None, "no level yet"
    assert patterns.find("epoch 3 of 9") is None
    assert patterns.find("acc 0.5 loss 2.0") == ({"acc": 0.5, "loss": 2.0}, 3.0)
    assert patterns.find("epoch 4: acc 0.6") == ({"acc": 0.6}, 4.0)
    assert Patterns("acc", r"acc (\S+)", r"epoch (\S+)", 1).find("epoch nan acc 1") is None


def test_both_outputs_are_searched_in_order_and_passed_on(tmp_path):
    code = """
import os
for epoch in range(1, 201):
    os.write(2, b"epoch %d\\n" % epoch)
    os.write(1, b"acc=0.%d\\n" % epoch)
print("é", end="")
"""
    reports, _, done = relay(tmp_path, code, metric_regex=r"acc=(\S+)", resource_regex=r"epoch (\d+)")
    assert levels(reports) == [(epoch, float(f"0.{epoch}")) for epoch in range(1, 201)]
    assert "epoch 200\n" in done.stdout and done.stdout.endswith("é")


def test_levels_are_counted_shifted_and_those_of_an_earlier_leg_left_out(tmp_path):
    code = "for e in range(3): print(f'\\r{e} acc 0.{e}')"
    counted, _, _ = relay(tmp_path, code, metric_regex=r"acc (\S+)")
    shifted, _, _ = relay(tmp_path, code, metric_regex=r"acc (\S+)", resource_regex=r"(\d+) acc", first=0)
    resumed, _, _ = relay(tmp_path, code, metric_regex=r"acc (\S+)", known=2)
    assert levels(counted) == levels(shifted) == [(1, 0.0), (2, 0.1), (3, 0.2)]
    assert levels(resumed) == [(3, 0.2)]
    plain, _, _ = relay(tmp_path, code, metric_regex=r"acc (\S+)", resource=None)
    assert plain[0] == {"acc": 0.0}


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"metric_regex": "loss (.*)"}, r"metric_regex 'loss (.*)' matched no line of the output"),
        ({"metric_regex": "acc (.*)", "resource_regex": "ep (.*)"}, "resource_regex 'ep (.*)' matched no line before"),
        ({"metric_regex": "(.*) acc"}, "found no number in the line: no acc 0.5"),
        ({"metric_regex": "acc (.*)", "resource_regex": "0[.](5)", "first": 6}, "a epoch below 6 were left out"),
        ({"log": "csv:none*.csv"}, "metrics_from: no file none*.csv in"),
        ({"log": "csv:other.csv"}, "other.csv has no 'acc'; it has: loss"),
    ],
)
def test_what_finds_nothing_says_so(tmp_path, spec, complaint):
    code = "print('no acc 0.5'); open('other.csv', 'w').write('loss\\n1\\n')"
    reports, errors, done = relay(tmp_path, code, **spec)
    assert (reports, done.returncode) == ([], 0)
    assert complaint in errors, (reports, errors)


def test_the_end_of_the_script_is_the_end_of_the_relay(tmp_path):
    assert relay(tmp_path, "raise SystemExit(7)", metric_regex="(x)")[2].returncode == 7
    killed = relay(tmp_path, "import os; os.kill(os.getpid(), 15)", metric_regex="(x)")[2]
    assert killed.returncode == -signal.SIGTERM
    grandchild = "import subprocess; print('acc 1', flush=True); subprocess.Popen(['sleep', '30'])"
    start = time.monotonic()
    reports, _, _ = relay_of_group(tmp_path, grandchild)
    assert reports and time.monotonic() - start < 20


def relay_of_group(tmp_path, code):
    """As the local back-end runs it: what holds the pipes open is killed with the group."""
    command = [sys.executable, "-P", "-m", "harness.relay", json.dumps({**BASE, "metric_regex": r"acc (\S+)"})]
    command += [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, start_new_session=True) as process:
        code_ = process.wait(timeout=20)
        os.killpg(process.pid, signal.SIGKILL)
        output = process.stdout.read().decode()
    return [report for line in output.splitlines() if (report := parse(line))], "", code_


LIGHTNING = """
import os, time
folder = "lightning_logs/version_1"
os.makedirs(folder)
for last in (0, 1):  # rewritten as it grows, epochs from 0, metrics of training in rows of their own
    rows = [f"{e},{e * 10},0.9,\\n{e},{e * 10},,0.{e + 1}" for e in range(last + 1)]
    open(f"{folder}/metrics.csv", "w").write("epoch,step,train_loss,acc\\n" + "\\n".join(rows) + "\\n")
    time.sleep(0.5)
"""
KERAS = "import json; json.dump({'loss': [1, 2], 'acc': [0.1, 0.2]}, open('history.json', 'w'))"
TORN = "import time; f = open('m.csv', 'a'); f.write('2,0.2\\n3,0.'); f.flush(); time.sleep(.5); f.write('3\\n')"


def test_lightnings_csv_is_read_as_it_grows(tmp_path):
    reports, _, done = relay(tmp_path, LIGHTNING, log="csv:lightning_logs/*/metrics.csv", first=0)
    assert levels(reports) == [(1, 0.1), (2, 0.2)]
    stamps = [parse(line)["st_worker_time"] for line in done.stdout.splitlines()]
    assert stamps[1] - stamps[0] > 0.3


def test_keras_history_and_lines_of_json(tmp_path):
    history = relay(tmp_path, KERAS, log="json:history.json")[0]
    assert history == [{"loss": 1, "acc": 0.1, "epoch": 1}, {"loss": 2, "acc": 0.2, "epoch": 2}]
    lines = """for e in (1, 2): print('{"epoch": %d, "acc": 0.%d}' % (e, e), file=open('log', 'a'))"""
    assert levels(relay(tmp_path, lines, log="json:log")[0]) == [(1, 0.1), (2, 0.2)]


def test_rows_of_an_earlier_leg_and_torn_ones_are_not_reported(tmp_path):
    (tmp_path / "m.csv").write_text("epoch,acc\n1,0.1\n")
    assert levels(relay(tmp_path, TORN, log="csv:m.csv")[0]) == [(2, 0.2), (3, 0.3)]


def test_a_log_that_is_begun_anew_is_read_from_its_start(tmp_path):
    (tmp_path / "m.csv").write_text("epoch,acc\n1,0.1\n2,0.2\n3,0.3\n4,0.4\n")
    anew = """
import time
for last in range(1, 6):
    rows = "".join(f"{e},0.{e}\\n" for e in range(1, last + 1))
    open("m.csv", "w").write("epoch,acc\\n" + rows)
    time.sleep(0.5)
"""
    assert levels(relay(tmp_path, anew, log="csv:m.csv", known=3)[0]) == [(4, 0.4), (5, 0.5)]


def test_tensorboards_scalars(tmp_path):
    pytest.importorskip("tensorboard")
    code = """
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
writer = EventFileWriter("runs")
for step in range(2):
    for tag in ("other", "acc"):
        value = Summary.Value(tag=tag, simple_value=0.25 * (step + 1))
        writer.add_event(Event(step=step, summary=Summary(value=[value])))
writer.close()
"""
    reports, errors, _ = relay(tmp_path, code, log="tensorboard:runs", first=0)
    assert levels(reports) == [(1, 0.25), (2, 0.5)], errors
