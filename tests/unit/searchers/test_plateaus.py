"""What is played by the nearest row of a table is not refined."""

import numpy as np
import pytest

from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.trial import Status
from harness.searchers.observations import Table
from harness.searchers.plateaus import Plateaus
from tests.unit.searchers.experiments import MIXED, begin, mixed, searcher_of

PROBLEM = Problem(MIXED, "loss", resource_attr="epoch", max_resource=27)


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


def distances(rows: int | None) -> list[float]:
    """Of each suggestion to the nearest trial before it, on a table of so many rows or the function itself."""
    generator, encoder = np.random.default_rng(0), Encoder(MIXED)
    known = [MIXED.sample(generator) for _ in range(rows or 0)]
    centres = encoder.encode_many(known) if rows else None

    def loss(config) -> float:
        if centres is None:
            return mixed(config)
        return mixed(known[int(np.square(centres - encoder.encode(config)).sum(axis=1).argmin())])

    history, it = History(PROBLEM), searcher_of(PROBLEM, levels=(1, 3, 9))
    found = []
    for trial_id in range(60):
        config = it.suggest(history, trial_id=trial_id, resource=1)
        if trial_id:
            before = encoder.encode_many([trial.config for trial in history.trials.values()])
            found.append(float(np.sqrt(np.square(before - encoder.encode(config)).sum(axis=1).min())))
        begin(history, config)
        history.report(trial_id, {"loss": loss(config), "epoch": 1}, at=0.0)
        history.end(trial_id, Status.STOPPED)
    return found[30:]


def test_suggestions_keep_their_distance_on_a_table_alone() -> None:
    assert np.median(distances(40)) > 2 * np.median(distances(None))
