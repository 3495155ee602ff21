from harness.core.domains import Float, lograndint, randint, uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.seeds import rng
from harness.core.space import Space
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.fakes.play import PROBLEM, SPACE, context_of


def searcher(problem: Problem, seed: int = 0) -> RandomSearcher:
    return RandomSearcher(context_of(problem, seed=seed), RandomOptions())


def start(history: History, config: dict) -> None:
    history.start(config, until=None, bracket=0, milestone=None)


def suggest(problem: Problem, history: History, trial_id: int, seed: int = 0):
    return searcher(problem, seed).suggest(history, trial_id=trial_id, resource=None)


def test_midpoint_first_then_draws_named_by_seed_and_trial() -> None:
    empty = History(PROBLEM)
    assert suggest(PROBLEM, empty, 0) == SPACE.midpoint()
    assert suggest(PROBLEM, empty, 7) == suggest(PROBLEM, empty, 7) == SPACE.sample(rng(0, "random", 7))
    assert len({SPACE.key(suggest(PROBLEM, empty, 7, seed)) for seed in range(20)}) == 20


def test_a_draw_that_was_used_is_replaced_by_the_generators_next() -> None:
    problem = Problem(Space({"n": randint(1, 1000)}), "loss")
    history = History(problem)
    generator = rng(0, "random", 1)
    first, second = problem.space.sample(generator), problem.space.sample(generator)
    start(history, first)
    assert first != second and suggest(problem, history, 1) == second


def test_the_last_rare_value_of_a_finite_space_is_found() -> None:
    """100000 of a log range comes up once in 10^6 draws or so: it is what is left when the others are taken."""
    problem = Problem(Space({"n": lograndint(1, 100_000)}), "loss")
    history, old = History(problem), searcher(problem)
    for value in range(1, 100_000):
        start(history, {"n": value})
    assert old.suggest(history, trial_id=99_999, resource=None) == {"n": 100_000}
    start(history, {"n": 100_000})
    assert old.suggest(history, trial_id=100_000, resource=None) is None


def test_a_continuous_space_of_one_value_is_exhausted_too() -> None:
    problem = Problem(Space({"x": Float(0.5, 0.5), "y": uniform(1, 1)}), "loss")
    history = History(problem)
    start(history, suggest(problem, history, 0))
    assert suggest(problem, history, 1) is None
