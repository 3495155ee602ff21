"""Trials forked from a process that has done their imports: as plain ones, only sooner."""

import logging
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from local_trials import children_by_mark, collect, problem, trial

from harness.backends import warm
from harness.backends.local import LocalBackend
from harness.backends.orphans import MARK
from harness.benchmark import Calling
from harness.core.domains import uniform
from harness.core.events import Reported
from harness.jobdir import JobDir

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
PROGRAM = str(warm.PROGRAM)
IMAGES = Path(__file__).parents[2] / "data" / "fashion_mnist_small"
TRAIN = Path(__file__).parents[3] / "benchmarks" / "mlp_fashionmnist" / "train.py"


@pytest.fixture
def make(tmp_path):
    """make(source, preload): a back-end for it, and the server's process once it has begun."""
    made = []

    def make(source, preload, **entries):
        script = tmp_path / "script.py"
        script.write_text(source)
        job = JobDir(tmp_path / f"job{len(made)}")
        made.append(
            LocalBackend(script=script, problem=problem(**entries), job=job, calling=Calling(preload=tuple(preload)))
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def server():
    # A trial that was just forked looks like its server for a moment, until it has its own environment.
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = [child for child, mark in children_by_mark().items() if "/" not in mark and PROGRAM in child.cmdline()]
        if len(found) == 1:
            return found[0]
        time.sleep(0.01)
    raise AssertionError(f"one server was expected: {found}")


def run_one(backend, trial_id=0):
    backend.start(trial(trial_id), None)
    *reports, exited = collect(backend)
    return [event.metrics for event in reports], exited


LOOKS_LIKE = """
import os, sys, threading
import __main__
import helper_beside
from harness.reporter import Reporter
def annotated(x: float): pass
Reporter()(types=str(annotated.__annotations__), name=__name__, file=__file__, main=__main__.__name__,
           argv=sys.argv[0], path=sys.path[0], cwd=os.getcwd(),
           leads=os.getsid(0) == os.getpid() == os.getpgrp(), threads=threading.active_count(),
           where=helper_beside.HERE, builtin=__builtins__.__name__, spec=__spec__ is None,
           globals=sorted(globals()), cached=__cached__, loads=[type(__loader__).__name__, __loader__.path],
           inherited=sorted(map(int, os.listdir("/proc/self/fd"))))
"""


def test_a_forked_trial_looks_like_a_plain_one(make, tmp_path):
    (tmp_path / "helper_beside.py").write_text("import os\nHERE = os.path.basename(__file__)\n")
    looks = []
    for preload in ((), ("harness.reporter",), ("helper_beside",)):
        (metrics,), exited = run_one(make(LOOKS_LIKE, preload))
        assert exited.exit_code == 0
        looks.append({name: value for name, value in metrics.items() if not name.startswith("st_") and name != "cwd"})
        assert metrics["cwd"] == str(tmp_path / f"job{len(looks) - 1}" / "0")
    assert looks[0] == looks[1] == looks[2]


ENDS = {
    "raise": ("import json\njson.loads('{')", 1),
    "syntax": ("1 +", 1),
    "exit with words": ("import sys; sys.exit('no such luck')", 1),
    "exit with a number": ("raise SystemExit(7)", 7),
    "interrupt": ("raise KeyboardInterrupt", -signal.SIGINT),
    "abort": ("import os; os.abort()", -signal.SIGABRT),
    "left open": ("file = open('left', 'w'); file.write('open'); import threading; file = [file]", 0),
    "at exit": ("import atexit; atexit.register(lambda: open('left', 'w').write('by atexit'))", 0),
    "__del__": (
        "import pathlib\nclass Saves:\n    def __del__(self): pathlib.Path('left').write_text(WORDS)\n"
        "WORDS, it = 'last words', Saves()",
        0,
    ),
    "__del__ of a module's own": ("import has_last_words", 0),
    "finalize": (
        "import weakref\nclass It: pass\nit = It()\nweakref.finalize(it, lambda: open('left', 'w').write('finally'))",
        0,
    ),
    "thread": (
        "import threading, time, pathlib\n"
        "threading.Thread(target=lambda: (time.sleep(0.2), pathlib.Path('left').write_text('late'))).start()",
        0,
    ),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_forked_trial_ends_like_a_plain_one(make, how, tmp_path):
    source, code = ENDS[how]
    (tmp_path / "has_last_words.py").write_text(ENDS["__del__"][0])
    ends = []
    for number, preload in enumerate([(), ("json",)]):
        _, exited = run_one(make(source, preload))
        left = tmp_path / f"job{number}" / "0" / "left"
        ends.append((exited.exit_code, exited.tail, left.read_text() if left.exists() else None))
    assert ends[0] == ends[1]
    assert ends[0][0] == code


def test_a_script_that_is_edited_runs_as_it_then_is(make, tmp_path):
    source = "from harness.reporter import Reporter; Reporter()(version={})"
    backend = make(source.format(1), ["harness.reporter"])
    versions = [run_one(backend)[0][0]["version"]]
    (tmp_path / "script.py").write_text(source.format(22))
    versions.append(run_one(backend, 1)[0][0]["version"])
    assert versions == [1, 22]


def test_each_trial_is_warned_of_its_script(make):
    backend = make("assert 1 is 1\nraise SystemExit(3)", ["json"])
    for number in range(2):
        _, exited = run_one(backend, number)
        assert exited.exit_code == 3 and "SyntaxWarning" in exited.tail


ENVIRONMENT = """
import os
import sets_a_variable
from harness.reporter import Reporter
Reporter()(environment=dict(os.environ))
"""


def test_trials_see_the_environment_of_plain_ones_and_what_their_imports_set(make, tmp_path):
    (tmp_path / "sets_a_variable.py").write_text("import os\nos.environ['SET_BY_AN_IMPORT'] = '1'\n")
    (plain,), _ = run_one(make(ENVIRONMENT, ()))
    (warm_one,), _ = run_one(make(ENVIRONMENT, ["sets_a_variable"]))
    for metrics in (plain, warm_one):
        assert metrics["environment"].pop(MARK).endswith("/0.0")
    assert plain["environment"] == warm_one["environment"]
    assert plain["environment"]["SET_BY_AN_IMPORT"] == "1"


SHARES = """
import sys
known = sorted({"shutil", "has_a_finalizer", "harness"} & set(sys.modules))
from harness.reporter import Reporter
Reporter()(known=known)
"""


def test_only_what_was_asked_for_is_imported_before_with_what_argparse_imports_when_used(make):
    (metrics,), _ = run_one(make(SHARES, ["argparse"]))
    assert metrics["known"] == ["shutil"]


def test_a_trial_ends_without_tearing_down_what_was_imported_before(make, tmp_path):
    (tmp_path / "has_a_finalizer.py").write_text(ENDS["finalize"][0])
    for number, preload in enumerate(((), ("has_a_finalizer",))):
        _, exited = run_one(make("import has_a_finalizer", preload))
        assert exited.exit_code == 0
        assert (tmp_path / f"job{number}" / "0" / "left").exists() == (not preload)


RANDOM = """
import random, importlib
from harness.reporter import Reporter
draw = {"random": lambda it: it.random(), "numpy": lambda it: it.random.rand(), "torch": lambda it: float(it.rand(1))}
Reporter()(drawn=[draw(importlib.import_module(name)) for name, draw in draw.items() if name in MODULES])
"""


@pytest.mark.parametrize("modules", [["random", "numpy"], pytest.param(["torch"], marks=pytest.mark.slow)])
def test_trials_do_not_share_random_state(make, modules):
    backend = make(f"MODULES = {modules}\n{RANDOM}", modules)
    draws = [run_one(backend, number)[0][0]["drawn"] for number in range(2)]
    assert all(first != second for first, second in zip(*draws, strict=True))


def test_spawned_workers_of_a_trial_start_in_its_folder(make, tmp_path):
    source = """
import multiprocessing, os
from harness.reporter import Reporter
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        Reporter()(cwd=pool.apply(os.getcwd))
"""
    (metrics,), _ = run_one(make(source, ["multiprocessing"]))
    assert metrics["cwd"] == str(tmp_path / "job0" / "0")


@pytest.mark.parametrize(
    "preload, reason",
    [
        ("starts_a_thread", "1 threads run after the imports"),
        ("opens_a_gpu", "the imports opened a GPU"),
        ("is_not_there", "importing is_not_there failed"),
    ],
)
def test_where_forking_is_not_safe_trials_are_plain_and_that_is_said_once(make, preload, reason, tmp_path, caplog):
    body = "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n"
    (tmp_path / "starts_a_thread.py").write_text(body)
    (tmp_path / "dev").mkdir()
    (tmp_path / "opens_a_gpu.py").write_text(f"held = open('{tmp_path}/dev/nvidia0', 'w')\n")
    backend = make("import os\nfrom harness.reporter import Reporter\nReporter()(parent=os.getppid())", [preload])
    for number in range(2):
        (metrics,), _ = run_one(backend, number)
        assert metrics["parent"] == os.getpid()
    assert [reason in record.message for record in caplog.records] == [True]


WAITS = """
import time
from harness.reporter import Reporter
Reporter()(epoch=1)
time.sleep(0.5)
Reporter()(epoch=2)
"""


def test_trials_survive_the_death_of_their_fork_server(make, caplog):
    caplog.set_level(logging.INFO, "harness.tuner")
    backend = make(WAITS, ["harness.reporter"])
    backend.start(trial(0), None)
    for number in range(1, warm.SERVERS + 1):
        before = server()
        before.kill()
        backend.start(trial(number), None)
        assert number == warm.SERVERS or server() != before
    events = collect(backend, exits=warm.SERVERS + 1)
    assert sum(isinstance(event, Reported) for event in events) == 2 * (warm.SERVERS + 1)
    said = [record.message for record in caplog.records]
    assert len(said) == warm.SERVERS and said[-1].startswith("trials run as plain processes")


def test_exit_codes_are_known_after_the_server_was_killed(make):
    backend = make("import time; time.sleep(1); raise SystemExit(5)", ["json"])
    backend.start(trial(), None)
    server().kill()
    (exited,) = collect(backend)
    assert exited.exit_code == 5


@pytest.mark.slow
def test_real_training_gives_equal_results(tmp_path):
    pytest.importorskip("torch")
    entries = {"n_units_1": 8, "n_units_2": 8, "batch_size": 32, "dropout_1": 0.1, "dropout_2": 0.1, "train_seed": 3}
    it = problem(**entries, epochs=2, weight_decay=1e-4, learning_rate=uniform(0, 1))
    curves = []
    for name, preload in (("plain", ()), ("warm", ("torch",))):
        backend = LocalBackend(
            script=TRAIN,
            problem=it,
            job=JobDir(tmp_path / name),
            extra_args={"dataset_path": str(IMAGES)},
            calling=Calling(preload=preload),
        )
        backend.start(trial(learning_rate=0.01), None)
        curves.append([event.metrics["accuracy"] for event in collect(backend)[:-1]])
        backend.close()
    assert curves[0] == curves[1] and len(curves[0]) == 2
