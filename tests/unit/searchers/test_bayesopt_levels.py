"""MOBSTER: data at rung levels."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.trial import Status
from harness.searchers.observations import Observations
from tests.unit.searchers.experiments import MIXED, begin, mixed, searcher_of

PROBLEM = Problem(MIXED, "loss", resource_attr="epoch", max_resource=27)
LEVELS = (1, 3, 9)


def report(history: History, trial_id: int, epoch: int, loss: float) -> None:
    history.report(trial_id, {"loss": loss, "epoch": epoch}, at=0.0)


def curve(config, epoch: int) -> float:
    return mixed(config) + 0.5 * epoch**-0.7


def rungs(count: int, seed: int = 0) -> History:
    """Of each three trials one goes to 3, of each nine one to 9."""
    history, generator = History(PROBLEM), np.random.default_rng(seed)
    for index in range(count):
        config = MIXED.sample(generator)
        until = 9 if index % 9 == 0 else 3 if index % 3 == 0 else 1
        trial = begin(history, config)
        for epoch in range(1, until + 1):
            report(history, trial.trial_id, epoch, curve(config, epoch))
        history.end(trial.trial_id, Status.STOPPED)
    return history


def read(history: History, levels=LEVELS) -> list[list[tuple[float, float]]]:
    """For each level (loss, loss at the level below) of its rows."""
    seen = Observations(Encoder(MIXED), levels)
    seen.update(history)
    return [[(float(y), float(low)) for y, low in zip(*table.columns()[1:3], strict=True)] for table in seen.tables]


def test_an_observation_is_the_first_report_at_or_beyond_the_level() -> None:
    history = History(PROBLEM)
    for _ in range(3):
        begin(history, MIXED.midpoint())
    report(history, 0, 1, 0.5)
    report(history, 1, 4, 0.4)
    report(history, 0, 2, 0.45)
    report(history, 0, 3, 0.3)
    assert [[y for y, _ in level] for level in read(history)] == [[0.5, 0.4], [0.4, 0.3], []]
    assert [low for _, low in read(history)[1]] == [0.4, 0.5]


def test_a_failure_counts_at_the_first_level_not_reached() -> None:
    history = History(PROBLEM)
    for _ in range(2):
        begin(history, MIXED.midpoint())
    report(history, 0, 1, 0.5)
    for trial_id in (0, 1):
        history.end(trial_id, Status.FAILED)
    low, high, _ = read(history)
    assert low[0][0] == 0.5 and math.isnan(low[1][0])
    assert math.isnan(high[0][0]) and high[0][1] == 0.5


def test_the_order_of_rows_does_not_depend_on_when_they_were_read() -> None:
    history = rungs(12)
    seen, copy = Observations(Encoder(MIXED), LEVELS), History(PROBLEM)
    for trial in history.trials.values():
        begin(copy, trial.config)
    for result in history.results:
        copy.report(result.trial_id, result.metrics, at=0.0)
        seen.update(copy)
    for trial_id in copy.trials:
        copy.end(trial_id, Status.STOPPED)
        seen.update(copy)
    fresh = Observations(Encoder(MIXED), LEVELS)
    fresh.update(history)
    for one, other in zip(seen.tables, fresh.tables, strict=True):
        for column, expected in zip(one.columns(), other.columns(), strict=True):
            np.testing.assert_array_equal(column, expected)


@pytest.mark.parametrize(
    ("options", "resource", "level"),
    [
        ({}, 1, 1),
        ({"searcher_resource_acq_bohb_threshold": 2}, 1, 2),
        ({"searcher_resource_acq_bohb_threshold": 100}, 1, 0),
        ({"searcher_resource_acq": "first"}, 1, 0),
        ({"searcher_resource_acq": "first"}, 3, 1),
        ({"searcher_resource_acq": "final"}, 1, 2),
    ],
)
def test_the_level_of_the_acquisition_function(options, resource: int, level: int) -> None:
    history = rungs(18)
    it = searcher_of(PROBLEM, levels=LEVELS, **options)
    it.suggest(history, trial_id=18, resource=resource)
    tables = it._proposer._surrogate.observations.tables
    losses = [table.columns()[1] for table in tables if len(table)]
    assert [len(each) for each in losses] == [18, 6, 2] and it._proposer._level(losses, resource) == level
    target = it._proposer._surrogate.target(history, lambda losses: level, lambda: False)
    assert len(target.chain.posteriors) == level + 1


def test_improvement_is_not_sought_above_the_level_with_the_least_loss() -> None:
    it = searcher_of(PROBLEM, levels=LEVELS)
    it.suggest(rungs(18), trial_id=18, resource=1)
    rising = [np.array([0.3, 0.2, np.nan, 0.5]), np.array([0.1, 0.4, 0.6]), np.array([0.2, 0.5, np.nan])]
    assert it._proposer._level(rising, 1) == 1
    assert it._proposer._level([*rising[:2], np.array([0.1, 0.5, 0.7])], 1) == 2
    assert it._proposer._level([np.full(4, np.nan)] * 3, 1) == 2


def test_what_would_be_stopped_on_its_way_counts_for_little() -> None:
    """The first trials were good at the end in the left half, where by now all are bad at the start."""
    history, it, generator = History(PROBLEM), searcher_of(PROBLEM, levels=LEVELS), np.random.default_rng(0)
    for trial_id in range(40):
        left = trial_id % 2 == 1
        config = {**MIXED.sample(generator), "drop": float(generator.uniform(0, 0.4)) + (0.0 if left else 0.4)}
        begin(history, config)
        for epoch, bad, good in ((1, 0.9, 0.4), (3, 0.1, 0.3), (9, 0.05, 0.25)):
            if epoch == 1 or trial_id < 8:
                report(history, trial_id, epoch, (bad if left else good) + 0.05 * mixed(config))
        history.end(trial_id, Status.STOPPED)
    it.suggest(history, trial_id=40, resource=1)
    target = it._proposer._surrogate.target(history, lambda losses: 2, lambda: False)
    places = it._proposer._encoder.encode_many([{**MIXED.midpoint(), "drop": drop} for drop in (0.1, 0.7)])
    left, right = replace(target, cuts=()).value(places) - target.value(places)
    assert len(target.cuts) == 2 and left > 2 and left > right + 1


@pytest.mark.parametrize("options", [{}, {"searcher_data": "all"}])
def test_the_gradient_of_improvement_and_cuts_is_that_of_their_sum(options) -> None:
    history = rungs(27)
    it = searcher_of(PROBLEM, levels=LEVELS, **options)
    it.suggest(history, trial_id=27, resource=1)
    target = it._proposer._surrogate.target(history, lambda losses: 2, lambda: False)
    assert len(target.cuts) == 2
    x = it._proposer._encoder.encode_many([MIXED.sample(np.random.default_rng(5))])
    value, gradient = target.value_and_gradient(x)
    assert value == pytest.approx(target.value(x))
    assert value < replace(target, cuts=()).value(x)
    for column in range(x.shape[1]):
        step = np.zeros_like(x)
        step[0, column] = 1e-6
        slope = (target.value(x + step) - target.value(x - step)) / 2e-6
        assert gradient[0, column] == pytest.approx(slope[0], rel=1e-4, abs=1e-5)


def test_diverged_trials_leave_the_order_of_the_others_visible() -> None:
    """A third of the trials has losses of any size, as trainings that diverge have."""
    history, generator = History(PROBLEM), np.random.default_rng(3)

    def loss(config) -> float:
        return mixed(config) if config["lr"] < 0.01 else float(np.exp(generator.uniform(0, 30)))

    for trial_id in range(60):
        config = MIXED.sample(generator)
        begin(history, config)
        report(history, trial_id, 1, loss(config))
        history.end(trial_id, Status.STOPPED)
    configs = [config for config in (MIXED.sample(generator) for _ in range(90)) if config["lr"] < 0.01]
    found = {}
    for plain in (False, True):
        it = searcher_of(PROBLEM, levels=LEVELS, searcher_no_warping=plain)
        it.suggest(history, trial_id=60, resource=1)
        target = it._proposer._surrogate.target(history, lambda losses: 0, lambda: False)
        predicted = target.chain.predict(it._proposer._encoder.encode_many(configs), 0).mean
        found[plain] = spearmanr(predicted, [mixed(config) for config in configs]).statistic
    assert found[False] > 0.5 and found[False] > found[True] + 0.1


def test_the_value_at_the_top_is_predicted_from_the_levels_below() -> None:
    """Unseen configurations: the chain ranks their values at epoch 9, of which it saw few."""
    history = rungs(45)
    it = searcher_of(PROBLEM, levels=LEVELS)
    it.suggest(history, trial_id=45, resource=1)
    surrogate, encoder = it._proposer._surrogate, it._proposer._encoder
    target = surrogate.target(history, lambda losses: 2, lambda: False)
    generator = np.random.default_rng(1)
    configs = [MIXED.sample(generator) for _ in range(60)]
    predicted = target.chain.predict(encoder.encode_many(configs), 2).mean
    true = np.array([curve(config, 9) for config in configs])
    assert spearmanr(predicted, true).statistic > 0.9


@pytest.mark.parametrize(("milestone", "rows"), [(1, [1, 0, 0]), (3, [1, 1, 0]), (9, [1, 1, 1]), (None, [1, 1, 1])])
def test_a_running_trial_is_pending_at_the_levels_up_to_its_milestone(milestone, rows: list[int]) -> None:
    history = rungs(18)
    it = searcher_of(PROBLEM, levels=LEVELS)
    begin(history, MIXED.midpoint(), milestone)
    it.suggest(history, trial_id=19, resource=1)
    assert [len(level) for level in it._proposer._surrogate._pending_rows(history, 3)] == rows


def test_what_was_observed_is_no_longer_pending() -> None:
    history = rungs(18)
    it = searcher_of(PROBLEM, levels=LEVELS)
    trial = begin(history, MIXED.midpoint(), 3)
    report(history, trial.trial_id, 1, 0.5)
    it.suggest(history, trial_id=19, resource=1)
    assert [len(level) for level in it._proposer._surrogate._pending_rows(history, 3)] == [0, 1, 0]


def test_it_finds_what_is_good_at_the_end() -> None:
    history, it = rungs(9), searcher_of(PROBLEM, levels=LEVELS)
    for trial_id in range(9, 36):
        config = it.suggest(history, trial_id=trial_id, resource=1)
        trial = begin(history, config)
        for epoch in range(1, 10):
            report(history, trial.trial_id, epoch, curve(config, epoch))
        history.end(trial.trial_id, Status.COMPLETED)
    assert min(mixed(trial.config) for trial in history.trials.values()) < 0.01
