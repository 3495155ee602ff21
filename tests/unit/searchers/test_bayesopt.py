import subprocess
import sys
from statistics import median

import pytest

from harness.core.domains import choice, ordinal, randint, uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Space
from harness.core.trial import Status
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.unit.searchers.experiments import BRANIN, MIXED, begin, best, branin, finish, mixed, optimise, searcher_of

TASKS = {"branin": (Problem(BRANIN, "loss"), branin), "mixed": (Problem(MIXED, "loss"), mixed)}


def filled(problem: Problem, function, count: int, seed: int = 5) -> History:
    """Random configurations, evaluated."""
    history = History(problem)
    optimise(RandomSearcher(Context(problem, seed), RandomOptions()), history, function, count)
    return history


def test_reading_its_options_loads_no_gaussian_process() -> None:
    code = "import sys, harness.searchers.bayesopt; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert not [name for name in loaded if name.startswith(("scipy", "harness.gp"))]


@pytest.mark.parametrize(("task", "factor"), [("branin", 100), ("mixed", 10)])
def test_it_beats_random_search_clearly(task: str, factor: float) -> None:
    problem, function = TASKS[task]
    found, drawn = [], []
    for seed in range(3):
        history = History(problem)
        optimise(searcher_of(problem, seed), history, function, 30)
        found.append(best(history))
        drawn.append(best(filled(problem, function, 30, seed)))
    assert median(found) * factor < median(drawn)


def test_what_it_suggests_depends_on_the_history_and_not_on_when_it_looked() -> None:
    """Trials end in another order than they began, some fail: an old instance and fresh ones agree throughout."""
    problem = Problem(MIXED, "loss")
    old, history, running = searcher_of(problem, workers=3), History(problem), []
    for step in range(40):
        config = old.suggest(history, trial_id=step, resource=None)
        if step % 5 == 0:
            assert searcher_of(problem, workers=3).suggest(history, trial_id=step, resource=None) == config
        running.append(begin(history, config))
        if len(running) == 3:
            trial = running.pop(step % 3)
            if step % 11 == 10:
                history.end(trial.trial_id, Status.FAILED)
            else:
                finish(history, trial, mixed(trial.config))


def test_the_mode_is_the_problems_business() -> None:
    up, down = Problem(MIXED, "loss", "max"), Problem(MIXED, "loss", "min")
    upwards = optimise(searcher_of(up), History(up), lambda config: -mixed(config), 15)
    assert upwards == optimise(searcher_of(down), History(down), mixed, 15)


def test_evaluations_under_way_are_kept_away_from() -> None:
    problem = Problem(BRANIN, "loss")

    def distance(no_fantasizing: bool) -> float:
        history = filled(problem, branin, 12)
        it = searcher_of(problem, searcher_no_fantasizing=no_fantasizing)
        first = it.suggest(history, trial_id=12, resource=None)
        begin(history, first)
        second = it.suggest(history, trial_id=13, resource=None)
        return sum(abs(first[name] - second[name]) / 15 for name in first)

    assert distance(no_fantasizing=True) < 1e-2 < 0.05 < distance(no_fantasizing=False)


def test_a_region_of_failures_is_left() -> None:
    problem = Problem(Space({"x": uniform(0.0, 1.0)}), "loss")
    history, it = History(problem), searcher_of(problem, searcher_num_init_random=4)
    for step in range(25):
        trial = begin(history, it.suggest(history, trial_id=step, resource=None))
        if trial.config["x"] > 0.6:
            history.end(trial.trial_id, Status.FAILED)
        else:
            finish(history, trial, -trial.config["x"])
    late = [history.trials[step] for step in range(12, 25)]
    assert sum(trial.status is Status.FAILED for trial in late) <= 6
    assert best(history) < -0.57


def test_only_what_has_ended_counts_as_a_result() -> None:
    """Reports of a running trial are not its final value."""
    problem = Problem(BRANIN, "loss")
    plain, chatty = filled(problem, branin, 8), filled(problem, branin, 8)
    config = {"x": 1.0, "y": 1.0}
    begin(plain, config)
    trial = begin(chatty, config)
    chatty.report(trial.trial_id, {"loss": -1e6}, at=0.0)
    one, other = (searcher_of(problem).suggest(it, trial_id=9, resource=None) for it in (plain, chatty))
    assert one == other


def test_a_finite_space_is_searched_in_the_right_order_and_used_up() -> None:
    space = Space({"n": randint(1, 20), "rank": ordinal([1, 2, 4]), "kind": choice(["a", "b"]), "fixed": 3})
    problem = Problem(space, "loss")
    history = History(problem)
    configs = optimise(
        searcher_of(problem), history, lambda c: (c["n"] - 13) ** 2 + c["rank"] + 5 * (c["kind"] == "a"), 500
    )
    keys = [space.key(config) for config in configs]
    assert len(keys) == len(set(keys)) == 120
    assert {"n": 13, "rank": 1, "kind": "b"} in configs[:30]


def test_each_fourth_trial_tries_another_value_of_the_choice() -> None:
    problem = Problem(MIXED, "loss")
    history = filled(problem, mixed, 40)
    top = history.trials[history.best().trial_id].config["act"]
    tried = [searcher_of(problem).suggest(history, trial_id=step, resource=None)["act"] for step in range(40, 48)]
    assert top not in (tried[0], tried[4]) and tried.count(top) >= 4


def test_configurations_are_those_of_the_space_after_rounding() -> None:
    problem = Problem(MIXED, "loss")
    for config in optimise(searcher_of(problem), History(problem), mixed, 15):
        assert all(domain.cast(config[name]) == config[name] for name, domain in MIXED.hyperparameters.items())
        assert all(domain.contains(config[name]) for name, domain in MIXED.hyperparameters.items())
