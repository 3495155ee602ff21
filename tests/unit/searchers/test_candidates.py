import numpy as np
import pytest

from harness.core.domains import choice, ordinal, uniform
from harness.core.encode import Encoder
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.space import Config, Space
from harness.searchers.candidates import Candidates
from harness.searchers.surrogate import metric_of
from tests.unit.searchers.experiments import begin, finish, searcher_of

OPERATIONS = ["none", "skip", "conv1", "conv3", "pool"]
NETWORK = Space({f"op{edge}": choice(OPERATIONS) for edge in range(6)})


def test_exchanges_are_all_configurations_that_differ_in_one_choice() -> None:
    encoder = Encoder(
        Space({"a": choice(list("xyz")), "number": uniform(0, 1), "b": choice([1, 2]), "c": ordinal([3, 4])})
    )
    start = {"a": "y", "number": 0.25, "b": 1, "c": 4}
    others = Candidates(encoder).exchanged(encoder.encode_many([start]), np.random.default_rng(0))
    found = [encoder.decode(row) for row in others[:, 0]]
    assert found[0] == start
    assert sorted(found[1:], key=str) == sorted([{**start, "a": "x"}, {**start, "a": "z"}, {**start, "b": 2}], key=str)


def test_of_choices_with_many_values_some_exchanges_are_drawn() -> None:
    encoder = Encoder(Space({"a": choice(list(range(1000))), "b": choice(list(range(1000)))}))
    points = Candidates(encoder).uniform(3, np.random.default_rng(1))
    others = Candidates(encoder).exchanged(points, np.random.default_rng(2))
    assert others.shape == (65, 3, 2000)
    assert (others.sum(axis=2) == 2).all()
    assert ((others[1:] != points).sum(axis=2) == 2).all()


@pytest.mark.parametrize("values", [2, 5, 40])
def test_random_values_of_a_choice_are_as_far_apart_as_random_numbers(values: int) -> None:
    encoder = Encoder(Space({"a": choice(list(range(values))), "number": uniform(0, 1)}))
    rows = Candidates(encoder).uniform(20_000, np.random.default_rng(3)) * metric_of(encoder).weights
    squares = (rows[:10_000] - rows[10_000:]) ** 2
    assert squares[:, :values].sum(axis=1).mean() == pytest.approx(1 / 6, rel=0.05)
    assert squares[:, values:].mean() == pytest.approx(1 / 6, rel=0.05)


def test_the_best_of_fifteen_thousand_networks_is_found() -> None:
    """An operation costs by its edge, two edges gain by agreeing: of 15,625 configurations one is the best."""

    def loss(config: Config) -> float:
        ranks = [(OPERATIONS.index(value) + edge) % 5 for edge, value in enumerate(config.values())]
        return sum(ranks) - 0.5 * (ranks[0] == ranks[5])

    for seed in range(3):
        history, problem = History(Problem(NETWORK, "loss")), Problem(NETWORK, "loss")
        searcher = searcher_of(problem, seed)
        for trial_id in range(30):
            trial = begin(history, searcher.suggest(history, trial_id=trial_id, resource=None))
            finish(history, trial, loss(trial.config))
        assert min(result.loss for result in history.results) == pytest.approx(-0.5)
