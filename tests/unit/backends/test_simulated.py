"""The simulated back-end: whole experiments as in a simulator of plain lists, and its parts."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.backends.simulated import SimulatedBackend
from harness.blackbox.description import read_description
from harness.blackbox.tables import load_table
from harness.core.events import Exited, Reported
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.trial import Status, Trial
from harness.plugins import SCHEDULERS
from harness.searchers.random import RandomOptions, RandomSearcher
from harness.tuner.loop import Tuner
from harness.tuner.stopping import StoppingCriterion
from tests.fakes.naive_simulator import NaiveSimulator
from tests.fakes.play import context_of
from tests.fakes.tables import curves, write_table

ROUGH = {"ragged": 0.4, "nan": 0.1}


def read(folder, columns, top=9):
    path = write_table(folder / "t.parquet", columns)
    description = read_description(path)
    problem = Problem(description.space, "loss", "min", "epoch", max_resource=top, elapsed_time_attr="seconds")
    return load_table(path, description), problem


def plugins(name, problem, workers):
    plugin = SCHEDULERS[name]
    options = plugin.load_options()()
    context = context_of(problem, seed=3, workers=workers, levels=plugin.load().levels(options, problem))
    return plugin.load()(context, options), RandomSearcher(context, RandomOptions())


@dataclass
class Log:
    """What happened, as (time, trial, what)."""

    lines: list[tuple[float, int, Any]] = field(default_factory=list)

    def started(self, trial, at, suggest_seconds):
        assert suggest_seconds == 0.0
        self.lines.append((at, trial.trial_id, "started"))

    def resumed(self, trial, at, decision):
        self.lines.append((at, trial.trial_id, "resumed"))

    def reported(self, trial, result, decision):
        self.lines.append((result.at, trial.trial_id, (result.resource, str(result.loss), decision.action)))

    def ended(self, trial, at, reason, exit_code, tail):
        self.lines.append((at, trial.trial_id, trial.status))

    def tick(self, at):
        pass


def simulated(table, problem, name, workers, timeout=None, num_trials=None):
    scheduler, searcher = plugins(name, problem, workers)
    history, log = History(problem), Log()
    outcome = Tuner(
        history=history,
        scheduler=scheduler,
        searcher=searcher,
        backend=SimulatedBackend(table, problem, seed=3),
        stopping=StoppingCriterion(timeout, num_trials),
        num_workers=workers,
        listeners=[log],
    ).run()
    return history, log.lines, outcome


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("rough", [{}, ROUGH], ids=["even", "rough"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_scheduler_fares_as_in_a_simulator_of_plain_lists(tmp_path, name, rough, workers):
    columns = curves(**rough)
    table, problem = read(tmp_path, columns)
    _, lines, outcome = simulated(table, problem, name, workers, timeout=500.0)
    naive = NaiveSimulator(columns, problem, *plugins(name, problem, workers), workers).run(500.0)
    assert lines == naive.lines
    assert len(lines) > 60 and outcome.reason == "scheduler_timeout of 500 s reached"
    assert {at for at, _, what in lines if what is Status.STOPPED and at == 500.0}  # stopped as time ran out


@pytest.mark.parametrize("name", SCHEDULERS)
def test_no_trial_outlives_its_rows_and_none_fails(tmp_path, name):
    columns = curves(**ROUGH)
    table, problem = read(tmp_path, columns)
    history, _, _ = simulated(table, problem, name, 4, num_trials=15)
    assert history.count(Status.FAILED) == 0 and history.count(Status.COMPLETED) == 15
    length = {trial: len(table.curve(table.curves(it.config)[0]).levels) for trial, it in history.trials.items()}
    early = [it for trial, it in history.trials.items() if it.status is Status.COMPLETED and it.reached < 9]
    assert early and all(it.reached == length[it.trial_id] for it in early)
    assert any(math.isnan(result.loss) for result in history.results)


class One:
    """A back-end with a single configuration of rows 1, 2, 4 that end after 10, 30, 70 s."""

    def __init__(self, folder, top=9):
        rows = {"lr": [0.1] * 3, "width": [4] * 3, "epoch": [1, 2, 4], "seconds": [10.0, 30.0, 70.0]}
        table, problem = read(folder, {**rows, "loss": [3.0, 2.0, 1.0]}, top)
        self.backend = SimulatedBackend(table, problem, 0)
        self.trial = Trial(0, {"lr": 0.3, "width": 7})

    def events(self):
        """(time, level or None for the exit) until nothing comes any more."""
        found = []
        while events := self.backend.wait(None):
            (event,) = events
            assert event.at == self.backend.clock.now() and event.leg == self.trial.leg
            found.append((event.at, event.metrics["epoch"] if isinstance(event, Reported) else None))
            assert not isinstance(event, Exited) or event.exit_code == 0
        return found


def test_a_resumed_trial_takes_the_additional_time_only(tmp_path):
    one = One(tmp_path)
    one.backend.start(one.trial, 1)
    assert one.events() == [(10.0, 1), (10.0, None)]
    one.trial.leg = 1
    one.backend.start(one.trial, None)
    assert one.events()[0] == (20.0, 1)  # without a checkpoint it starts anew
    one.trial.trial_id = 1
    one.backend.start(one.trial, None)
    one.backend.wait(None)
    one.backend.halt(one.trial, keep_checkpoint=True)
    one.backend.halt(one.trial, keep_checkpoint=True)
    one.backend.clock.advance_to(1000.0)
    one.trial.leg = 2
    one.backend.start(one.trial, 3)
    assert one.events() == [(1020.0, 2), (1060.0, 4), (1060.0, None)]  # level 3 was never measured: 4 is the next


def test_rows_above_the_maximum_resource_are_not_played(tmp_path):
    one = One(tmp_path, top=3)
    one.backend.start(one.trial, None)
    assert one.events() == [(10.0, 1), (30.0, 2), (30.0, None)]


def test_waiting_moves_the_clock_to_the_next_event_or_the_timeout(tmp_path):
    one = One(tmp_path)
    one.backend.start(one.trial, None)
    assert (list(one.backend.wait(9.5)), one.backend.clock.now()) == ([], 9.5)
    assert [event.at for event in one.backend.wait(0.5)] == [10.0]
    one.backend.halt(one.trial, keep_checkpoint=False)
    assert (list(one.backend.wait(None)), one.backend.clock.now()) == ([], 10.0)
    assert (list(one.backend.wait(2.0)), one.backend.clock.now()) == ([], 12.0)
    with pytest.raises(ValueError, match="running already"):
        one.backend.start(one.trial, None)
        one.backend.start(one.trial, None)


def test_trials_draw_among_the_seeds_of_a_configuration(tmp_path):
    rows = {"lr": [0.1] * 3, "width": [4] * 3, "epoch": [1] * 3, "seconds": [1.0] * 3, "loss": [0.0, 1.0, 2.0]}
    description = read_description(write_table(tmp_path / "t.parquet", rows))
    write_table(
        path := tmp_path / "t.parquet",
        {**rows, "run": [0, 1, 2]},
        {
            "hyperparameters": description.space.spec(),
            "resource": "epoch",
            "elapsed_time": "seconds",
            "metrics": {"loss": "min"},
            "seed": "run",
        },
    )
    description = read_description(path)
    problem = Problem(description.space, "loss", "min", "epoch", max_resource=1)

    def drawn(seed):
        backend = SimulatedBackend(load_table(path, description), problem, seed)
        for trial_id in range(30):
            backend.start(Trial(trial_id, {"lr": 0.1, "width": 4}), None)
        events = [backend.wait(None)[0] for _ in range(60)]
        return [event.metrics["loss"] for event in events if isinstance(event, Reported)]

    assert drawn(0) == drawn(0) != drawn(1)
    assert set(drawn(0)) == {0.0, 1.0, 2.0}


class Slow:
    """A searcher that takes its time."""

    def __init__(self, searcher):
        self.searcher = searcher

    def suggest(self, history, *, trial_id, resource):
        time.sleep(0.002)
        return self.searcher.suggest(history, trial_id=trial_id, resource=resource)


@pytest.mark.parametrize("counted", [False, True])
def test_the_time_of_suggestions_counts_only_where_it_is_asked_for(tmp_path, counted):
    table, problem = read(tmp_path, curves())
    scheduler, searcher = plugins("fifo", problem, 1)
    history, starts = History(problem), []
    log = Log()
    log.started = lambda trial, at, seconds: starts.append((at, seconds))
    Tuner(
        history=history,
        scheduler=scheduler,
        searcher=Slow(searcher),
        backend=SimulatedBackend(table, problem, seed=3, decision_time=counted),
        stopping=StoppingCriterion(None, 5),
        num_workers=1,
        listeners=[log],
    ).run()
    lengths = [table.totals()[table.curves(trial.config)[0]] for trial in history.trials.values()]
    extra = starts[4][0] - sum(lengths[:4])
    assert extra >= 5 * 0.002 if counted else extra == 0
    assert all((seconds >= 0.002) == counted for _, seconds in starts[:5])
