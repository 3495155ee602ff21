"""Slots, ledger before effect, adoption, broken attempts, interruption."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace

import pytest
from rich.console import Console

from harness.core.failures import Failure
from harness.dispatch import dispatcher as module
from harness.dispatch.disk import as_text, parse_size
from harness.dispatch.dispatcher import Dispatcher, Rules
from harness.dispatch.endings import silent_end
from harness.dispatch.follow import Follower
from harness.dispatch.todo import compare
from harness.errors import EnvironmentFault
from harness.jobdir import JobDir, SweepDir, read_json, write_json
from harness.ledger.journal import Journal
from harness.ledger.state import SweepState, fold
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.results.status import read_status
from tests.fakes.runtime import ScriptedRuntime

pytestmark = pytest.mark.usefixtures("fake_benchmarks")


class Sweep:
    """A sweep of `runs` experiments in a folder, run again and again with differing runtimes."""

    def __init__(self, root, runs=3):
        self.dir = SweepDir(root, "exp")
        self.journal = Journal(self.dir.journal)
        self.plan = build(Raw({"num_trials": 1, "num_runs": runs, "experiment_name": "exp"}), 7)
        self.output = io.StringIO()

    def planned(self):
        return compare(self.plan.jobs(), fold(self.journal.entries()), self.dir)

    def run(self, runtime, slots=1, interruption=lambda: None, rules=None):
        todo = [one for one in self.planned() if not one.done or one.open]
        console = Console(file=self.output, width=200)
        with Follower(console, total=len(todo)) as follower:
            return Dispatcher(
                sweep=self.dir,
                journal=self.journal,
                runtime=runtime,
                launch={"runtime": "scripted"},
                follower=follower,
                slots=slots,
                data_of=lambda job: {},
                label_of=lambda job: f"run {job.run_id}",
                interruption=interruption,
                rules=rules or Rules(),
            ).run(todo)


@pytest.fixture
def sweep(root, monkeypatch):
    monkeypatch.setattr(module, "POLL_SECONDS", 0.001)
    return Sweep(root)


def submissions(runtime):
    return [name for call, name in runtime.calls if call == "submit"]


def test_all_jobs_run_in_order_and_then_nothing_is_left(sweep):
    runtime = ScriptedRuntime()
    states = sweep.run(runtime)
    assert set(states.values()) == {"completed"}
    assert submissions(runtime) == [job.tuner_name for job in sweep.plan.jobs()]
    assert runtime.most_at_once == 1
    assert all(one.done for one in sweep.planned())
    again = ScriptedRuntime()
    assert sweep.run(again) == {}
    assert submissions(again) == []


def test_slots_bound_what_runs_at_once(sweep):
    runtime = ScriptedRuntime()
    sweep.run(runtime, slots=2)
    assert runtime.most_at_once == 2


def test_a_failed_job_does_not_stop_the_others_and_is_what_the_next_call_runs(sweep):
    states = sweep.run(ScriptedRuntime(["completed", "failed", "completed"]))
    assert sorted(states.values()) == ["completed", "completed", "failed"]
    failed = [one.job for one in sweep.planned() if not one.done]
    assert [job.run_id for job in failed] == [1]
    runtime = ScriptedRuntime()
    sweep.run(runtime)
    assert submissions(runtime) == [failed[0].tuner_name], "the name is kept"
    assert [place.name for place in sweep.dir.broken.iterdir()] == [f"{failed[0].tuner_name}-attempt1"]
    assert "run 1: failed: as told" in sweep.output.getvalue()


def test_a_job_whose_process_vanishes_runs_again_but_not_for_ever(sweep):
    runtime = ScriptedRuntime(["silent", "completed", *["silent"] * (module.RETRIES + 1)])
    states = sweep.run(runtime)
    assert sorted(states.values()) == ["completed", "completed", "stopped"], "it is to go on where it was"
    names = [job.tuner_name for job in sweep.plan.jobs()]
    assert submissions(runtime) == [names[0]] * 2 + [names[1]] * (module.RETRIES + 1) + [names[2]]
    assert "ended without a word" in sweep.output.getvalue()
    assert "4 of 3" not in sweep.output.getvalue()


def test_a_job_that_vanishes_again_and_again_has_its_tries_anew_whenever_it_got_further(sweep):
    class Progressing(ScriptedRuntime):
        def submit(self, request):
            with JobDir(request.folder).events.open("a") as file:
                file.write("{}\n")
            super().submit(request)

    runtime = Progressing(["silent"] * (2 * module.RETRIES))
    assert set(sweep.run(runtime).values()) == {"completed"}
    assert len(submissions(runtime)) == 2 * module.RETRIES + 3


def test_a_job_that_vanishes_for_good_counts_as_failed(sweep):
    states = sweep.run(ScriptedRuntime(["silent"] * 4), rules=Rules(max_failed=1))
    assert list(states.values()) == ["stopped"]


@pytest.mark.parametrize("moment", ["write_job", "mkdir"])
def test_a_launcher_that_dies_while_it_makes_a_folder_leaves_none_that_nobody_knows(sweep, monkeypatch, moment):
    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if moment == "write_job":
            patch.setattr("harness.dispatch.folders.write_job", die)
        else:
            sweep.dir.path.mkdir(parents=True, exist_ok=True)
            patch.setattr("pathlib.Path.mkdir", lambda path, *args, **more: path.exists() or die())
        with pytest.raises(KeyboardInterrupt):
            sweep.run(ScriptedRuntime())
    sweep.run(ScriptedRuntime())
    assert sorted(place.name for place in sweep.dir.root.glob("exp-*")) == [job.tuner_name for job in sweep.plan.jobs()]


def test_a_name_that_another_launch_took_in_between_is_left_to_it(sweep):
    first = next(iter(sweep.plan.jobs()))
    sweep.journal.append("submitting", job_id=first.job_id, tuner_name=first.tuner_name)
    theirs = sweep.dir.job(first.tuner_name)
    theirs.path.mkdir()
    write_json(theirs.job, {"job_id": "another"})
    runtime = ScriptedRuntime()
    sweep.run(runtime)
    assert first.tuner_name not in submissions(runtime) and read_json(theirs.job) == {"job_id": "another"}


def test_what_a_job_that_nobody_saw_the_end_of_left_in_the_runtime_is_collected(sweep):
    sweep.run(ScriptedRuntime())
    first = next(iter(sweep.plan.jobs()))
    lines = sweep.dir.journal.read_text().splitlines()
    kept = [line for line in lines if not ('"ended"' in line and first.job_id in line)]
    sweep.dir.journal.write_text("\n".join(kept) + "\n")
    (unseen,) = [one for one in sweep.planned() if one.open]
    assert unseen.done
    runtime = ScriptedRuntime()
    assert sweep.run(runtime) == {}
    assert runtime.calls == [("collect", first.tuner_name)]
    assert not any(one.open for one in sweep.planned())


def test_a_job_is_not_touched_while_a_process_that_nobody_follows_writes_in_its_folder(sweep, monkeypatch):
    monkeypatch.setattr("harness.dispatch.folders.PATIENCE_SECONDS", 0.2)
    first = next(iter(sweep.plan.jobs()))
    sweep.journal.append("submitting", job_id=first.job_id, tuner_name=first.tuner_name)
    folder = sweep.dir.job(first.tuner_name)
    folder.path.mkdir()
    partial = folder.path / ".status.json.abcdefgh"
    partial.touch()
    with folder.exclusive(), pytest.raises(EnvironmentFault, match="another process runs the experiment"):
        sweep.run(ScriptedRuntime())
    assert partial.exists()
    sweep.run(ScriptedRuntime())
    assert not partial.exists()


@pytest.mark.parametrize(
    "rules, ended", [(Rules(max_failed=1), 2), (Rules(max_failed=2), 3), (Rules(fail_fast=True), 2), (Rules(), 4)]
)
def test_failures_end_a_sweep_where_that_is_asked_for(root, rules, ended, monkeypatch):
    monkeypatch.setattr(module, "POLL_SECONDS", 0.001)
    sweep = Sweep(root, runs=4)
    runtime = ScriptedRuntime(["completed", "failed", "failed", "completed"])
    states = sweep.run(runtime, rules=rules)
    assert len(states) == len(submissions(runtime)) == ended
    assert (f"; not started: {4 - ended}\n" in sweep.output.getvalue()) == (ended < 4)


def test_fail_fast_stops_what_runs(sweep):
    class Uneven(ScriptedRuntime):
        def adopt(self, name, folder):
            super().adopt(name, folder)
            self._left[name] = 1 if len(self.alive) == 1 else 100

    states = sweep.run(Uneven(["failed"]), slots=2, rules=Rules(fail_fast=True))
    assert sorted(states.values()) == ["failed", "stopped"]
    assert "stopped: another experiment failed (fail_fast)" in sweep.output.getvalue()


def test_a_disk_budget_holds_back_further_experiments(sweep):
    class Writing(ScriptedRuntime):
        def submit(self, request):
            (request.folder / "checkpoint").write_bytes(b"x" * 300_000)
            super().submit(request)

    runtime = Writing()
    with pytest.raises(EnvironmentFault, match="of its disk budget of 400 kB; experiments not started: 1"):
        sweep.run(runtime, rules=Rules(disk_budget=400_000))
    assert len(submissions(runtime)) == 2
    assert [one.done for one in sweep.planned()] == [True, True, False]
    with pytest.raises(EnvironmentFault, match="experiments not started: 1"):
        sweep.run(Writing(), rules=Rules(disk_budget=400_000))
    sweep.run(Writing(), rules=Rules(disk_budget=4_000_000))


def test_a_full_disk_holds_back_further_experiments(sweep, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10**6))
    with pytest.raises(EnvironmentFault, match="is full: 1 MB are left; experiments not started: 3"):
        sweep.run(ScriptedRuntime())


@pytest.mark.parametrize(
    "log, failure",
    [
        (b"\ncontainer ended with exit code 137, out of memory\n", Failure.MEMORY),
        (b"\ncontainer ended with exit code 137\n", Failure.INFRASTRUCTURE),
        (None, Failure.INFRASTRUCTURE),
    ],
)
def test_why_a_job_ended_silently(tmp_path, log, failure):
    if log:
        JobDir(tmp_path).log.write_bytes(log)
    assert silent_end(JobDir(tmp_path)).failure is failure


@pytest.mark.parametrize("text, size", [("500", 500), ("2k", 2000), ("1.5G", 1_500_000_000)])
def test_sizes(text, size):
    assert parse_size(text) == size
    assert as_text(size) == {500: "0.5 kB", 2000: "2.0 kB", 1_500_000_000: "1.5 GB"}[size]
    for wrong in ("", "g", "-1", "nan", "1x"):
        with pytest.raises(ValueError):
            parse_size(wrong)


def test_the_ledger_knows_a_job_before_the_runtime_does(sweep):
    class Dying(ScriptedRuntime):
        def submit(self, request):
            known = fold(sweep.journal.entries()).jobs.values()
            assert request.name in {record.tuner_name for record in known}
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep.run(Dying())
    runtime = ScriptedRuntime()
    sweep.run(runtime)
    assert len(submissions(runtime)) == 3
    assert all(one.done for one in sweep.planned())


def test_a_job_that_outlived_its_launcher_is_followed_not_launched_again(sweep):
    first = next(iter(sweep.plan.jobs()))
    sweep.journal.append("submitting", job_id=first.job_id, tuner_name=first.tuner_name)
    runtime = ScriptedRuntime()
    sweep.dir.job(first.tuner_name).path.mkdir()
    runtime.adopt(first.tuner_name, sweep.dir.job(first.tuner_name).path)
    states = sweep.run(runtime)
    assert len(states) == 3
    assert first.tuner_name not in submissions(runtime)


@pytest.mark.parametrize("state", ["submitting", "stopped"])
def test_a_job_that_somebody_else_started_meanwhile_is_followed_not_launched_again(sweep, state):
    first, second, *_ = sweep.plan.jobs()
    sweep.journal.append("submitting", job_id=second.job_id, tuner_name=second.tuner_name)
    if state != "submitting":
        sweep.journal.append("ended", job_id=second.job_id, tuner_name=second.tuner_name, state=state)
    sweep.dir.job(second.tuner_name).path.mkdir()

    class Resumed(ScriptedRuntime):
        def submit(self, request):
            super().submit(request)
            if request.name == first.tuner_name:
                self.adopt(second.tuner_name, sweep.dir.job(second.tuner_name).path)

    runtime = Resumed()
    assert set(sweep.run(runtime).values()) == {"completed"}
    assert second.tuner_name not in submissions(runtime) and len(submissions(runtime)) == 2


def test_a_job_that_ends_because_its_launcher_died_goes_on(sweep):
    first = next(iter(sweep.plan.jobs()))
    sweep.journal.append("submitting", job_id=first.job_id, tuner_name=first.tuner_name)
    runtime = ScriptedRuntime(["stopped"])
    sweep.dir.job(first.tuner_name).path.mkdir()
    runtime.adopt(first.tuner_name, sweep.dir.job(first.tuner_name).path)
    assert set(sweep.run(runtime).values()) == {"completed"}
    assert submissions(runtime).count(first.tuner_name) == 1


def test_a_job_that_completed_after_its_launcher_died_counts_as_done(sweep):
    first = next(iter(sweep.plan.jobs()))
    sweep.run(ScriptedRuntime())
    lines = sweep.dir.journal.read_text().splitlines()
    kept = [line for line in lines if not ('"ended"' in line and first.job_id in line)]
    sweep.dir.journal.write_text("\n".join(kept) + "\n")
    assert all(one.done for one in sweep.planned())


def test_results_that_were_deleted_are_made_again(sweep):
    sweep.run(ScriptedRuntime())
    first = next(iter(sweep.plan.jobs()))
    sweep.dir.job(first.tuner_name).status.unlink()
    assert [one.job.job_id for one in sweep.planned() if not one.done] == [first.job_id]


def test_an_interruption_cancels_what_runs_and_starts_nothing_more(sweep):
    turns = iter([None] * 6)
    runtime = ScriptedRuntime(polls=100)
    states = sweep.run(runtime, interruption=lambda: next(turns, "enough"))
    assert list(states.values()) == ["stopped"]
    assert len(submissions(runtime)) == 1
    assert ("cancel", submissions(runtime)[0]) in runtime.calls
    assert [one.done for one in sweep.planned()] == [False] * 3


def test_all_that_runs_is_cancelled_at_once(sweep):
    together = threading.Barrier(3, timeout=10)

    class Slow(ScriptedRuntime):
        def cancel(self, name):
            if name in self.alive:
                together.wait()
            super().cancel(name)

    turns = iter([None] * 12)
    states = sweep.run(Slow(polls=100), slots=3, interruption=lambda: next(turns, "enough"))
    assert list(states.values()) == ["stopped"] * 3


def test_a_taken_name_moves_the_hash_on(sweep):
    first = next(iter(sweep.plan.jobs()))
    sweep.dir.job(first.tuner_name).path.mkdir(parents=True)
    runtime = ScriptedRuntime()
    sweep.run(runtime)
    assert submissions(runtime)[0] == first.tuner_name[:-3] + f"{int(first.tuner_name[-3:]) + 1:03d}"
    assert len(set(submissions(runtime))) == 3


def test_nothing_is_known_before_the_first_run(sweep):
    assert not any(one.done or one.open for one in compare(sweep.plan.jobs(), SweepState(), sweep.dir))


@pytest.mark.parametrize("state", ["stopped", "running", None])
def test_a_job_that_was_cut_short_goes_on_in_its_folder(sweep, state):
    first = next(iter(sweep.plan.jobs()))
    sweep.journal.append("submitting", job_id=first.job_id, tuner_name=first.tuner_name)
    folder = sweep.dir.job(first.tuner_name)
    folder.path.mkdir()
    folder.events.write_text("{}\n")
    if state:
        write_json(folder.status, {"state": state, "reason": "", "elapsed": 7.5})

    class Looking(ScriptedRuntime):
        def submit(self, request):
            if request.name == first.tuner_name:
                seen.append(read_status(folder))
            super().submit(request)

    seen = []
    sweep.run(Looking())
    assert folder.events.read_text() == "{}\n" and not sweep.dir.broken.exists()
    assert seen == [{"state": "waiting", "reason": "", "elapsed": 7.5} if state else {}], "no stale end"
