"""What is played by the nearest row of a table is not refined, and partly left to chance."""

import numpy as np
import pytest

from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Config
from harness.core.trial import Status
from harness.searchers.initial import InitialDesign
from harness.searchers.observations import Table
from harness.searchers.plateaus import Plateaus
from tests.unit.searchers.experiments import MIXED, begin, mixed, searcher_of

PROBLEM = Problem(MIXED, "loss", resource_attr="epoch", max_resource=27)
LEVELS = (1, 3, 9)


def table_of(X: np.ndarray, y: np.ndarray) -> Table:
    table = Table(X.shape[1])
    for position, (row, loss) in enumerate(zip(X, y, strict=True)):
        table.append(row, float(loss), np.nan, position, position)
    return table


def by_rows(X: np.ndarray, count: int) -> np.ndarray:
    """A loss for each of `count` cells."""
    generator = np.random.default_rng(1)
    centres, losses = generator.random((count, X.shape[1])), generator.random(count)
    return losses[np.square(X[:, None] - centres).sum(axis=2).argmin(axis=1)]


def test_rows_of_a_table_are_found_out_and_smooth_functions_are_not() -> None:
    X = np.random.default_rng(0).random((60, 3))
    assert Plateaus().found(table_of(X, by_rows(X, 30)))
    assert not Plateaus().found(table_of(X, X.sum(axis=1)))


@pytest.mark.parametrize("bad", [9.0, np.nan, np.inf])
def test_failing_in_the_same_way_is_no_sign(bad: float) -> None:
    X = np.random.default_rng(0).random((60, 3))
    assert not Plateaus().found(table_of(X, np.where(X[:, 0] > 0.55, bad, X.sum(axis=1))))


def test_losses_near_the_largest_number_are_compared_too() -> None:
    X = np.random.default_rng(0).random((60, 3))
    assert Plateaus().found(table_of(X, 1e308 + 7e307 * by_rows(X, 30)))
    assert not Plateaus().found(table_of(X, np.full(60, 1.7e308)))


def test_it_is_found_whenever_one_looks() -> None:
    X = np.random.default_rng(0).random((60, 3))
    y, watching = by_rows(X, 30), Plateaus()
    growing = Table(3)
    for position in range(60):
        failed = position % 5 == 2
        growing.append(
            X[position], np.nan if failed else float(y[position]), np.nan, position, position + failed * 1e12
        )
        assert watching.found(growing) == Plateaus().found(growing)
    assert watching.found(growing) and not watching.found(table_of(X, X.sum(axis=1)))


def suggestions(rows: int | None, levels: tuple[int, ...] = LEVELS) -> list[Config]:
    """Of 60 trials on a table of so many rows, or on the function itself."""
    generator, encoder = np.random.default_rng(0), Encoder(MIXED)
    known = [MIXED.sample(generator) for _ in range(rows or 0)]
    centres = encoder.encode_many(known) if rows else None

    def loss(config: Config) -> float:
        if centres is None:
            return mixed(config)
        return mixed(known[int(np.square(centres - encoder.encode(config)).sum(axis=1).argmin())])

    history, it = History(PROBLEM), searcher_of(PROBLEM, levels=levels)
    for trial_id in range(60):
        config = it.suggest(history, trial_id=trial_id, resource=1)
        begin(history, config)
        history.report(trial_id, {"loss": loss(config), "epoch": 1}, at=0.0)
        history.end(trial_id, Status.STOPPED)
    return [trial.config for trial in history.trials.values()]


def distances(configs: list[Config]) -> list[float]:
    """Of each of the second half to the nearest one before it."""
    X = Encoder(MIXED).encode_many(configs)
    return [float(np.sqrt(np.square(X[:row] - X[row]).sum(axis=1).min())) for row in range(len(X) // 2, len(X))]


def left_to_chance(configs: list[Config]) -> list[int]:
    """Trials of the second half that random search would have started too."""
    design = InitialDesign(Context(PROBLEM, 0))
    half = range(len(configs) // 2, len(configs))
    return [trial_id for trial_id in half if configs[trial_id] == design.config(History(PROBLEM), trial_id)]


def test_on_a_table_suggestions_keep_their_distance_and_some_are_left_to_chance() -> None:
    on_a_table, smooth = suggestions(40), suggestions(None)
    assert np.median(distances(on_a_table)) > 2 * np.median(distances(smooth))
    assert left_to_chance(on_a_table) == list(range(30, 60, 2))
    assert left_to_chance(suggestions(40, levels=())) == list(range(30, 60, 3))
    assert left_to_chance(smooth) == []
