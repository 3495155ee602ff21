"""What every searcher of the table has to hold, whatever it suggests."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from harness.core.domains import choice, finrange, lograndint, loguniform, ordinal, randint
from harness.core.points import complete_points
from harness.core.problem import Problem
from harness.core.seeds import rng
from harness.core.space import Config, Space
from harness.core.trial import Status
from harness.plugins import SCHEDULERS, SEARCHERS, searcher_of
from harness.registry import Plugin
from tests.fakes.play import PROBLEM, SPACE, Play, World, context_of

ROUGH = World(seed=4, nan=0.1, fail=0.05)
# With these it is seen whether an adapter works; each of their suggestions takes up to a second.
ENOUGH = {"fifo", "hyperband_stopping", "raytune_hyperband"}


def marked(searcher: Plugin, *values: str) -> Any:
    """A case of a test, slow where another library is at work."""
    slow = "external" in searcher.capabilities
    return pytest.param(*values, marks=[pytest.mark.slow] if slow else [], id="-".join(values))


def pairs(excluded: str = "") -> list[Any]:
    """Schedulers and searchers that go together, but for searchers that have the capability `excluded`."""
    cases = []
    for (scheduler, one), (name, entry) in itertools.product(SCHEDULERS.items(), SEARCHERS.items()):
        other = searcher_of(one, name)
        fit = (not one.pairs_with or name in one.pairs_with) and (not entry.pairs_with or scheduler in entry.pairs_with)
        many = "external" in other.capabilities and scheduler not in ENOUGH
        if fit and not many and excluded not in other.capabilities:
            cases.append(marked(other, scheduler, name))
    return cases


EACH = [marked(plugin, name) for name, plugin in SEARCHERS.items()]


def play(
    scheduler: str,
    searcher: str,
    problem: Problem = PROBLEM,
    *,
    workers: int = 2,
    fresh_every: int = 0,
    points: tuple[Config, ...] | None = None,
    world: World = ROUGH,
) -> Play:
    one = SCHEDULERS[scheduler]
    other = searcher_of(one, searcher)
    options = one.load_options()()
    context = context_of(problem, seed=11, workers=workers, levels=one.load().levels(options, problem))
    context = replace(context, points=points)
    return Play(
        lambda: one.load()(context, options),
        lambda: other.load()(context, other.load_options()()),
        problem=problem,
        workers=workers,
        world=world,
        fresh_every=fresh_every,
    )


@pytest.mark.parametrize(("scheduler", "searcher"), pairs())
def test_suggestions_are_valid_new_and_repeatable(scheduler: str, searcher: str) -> None:
    game = play(scheduler, searcher).run(80)
    configs = [trial.config for trial in game.history.trials.values()]
    for config in configs:
        assert list(config) == list(SPACE.hyperparameters)
        assert all(domain.contains(config[name]) for name, domain in SPACE.hyperparameters.items())
        assert all(domain.cast(config[name]) == config[name] for name, domain in SPACE.hyperparameters.items())
    assert len({SPACE.key(config) for config in configs}) == len(configs) > 3
    assert play(scheduler, searcher).run(80).answers == game.answers


@pytest.mark.parametrize(("scheduler", "searcher"), pairs(excluded="own_start"))
def test_runs_with_one_seed_start_alike(scheduler: str, searcher: str) -> None:
    """The first (workers + 2) configurations: mid-point, then draws that depend on seed and trial id alone."""
    expected = [SPACE.midpoint(), *(SPACE.sample(rng(11, "random", index)) for index in (1, 2, 3))]
    trials = play(scheduler, searcher, workers=2).run(40).history.trials
    assert [trials[index].config for index in range(4)] == expected


@pytest.mark.parametrize("searcher", EACH)
def test_points_to_evaluate_come_first(searcher: str) -> None:
    """More of them than initial draws, or none at all."""
    points = complete_points([{"width": width} for width in (3, 1, 4, 15, 9, 2, 6)] + [{"width": 3}], SPACE)
    trials = play("fifo", searcher, points=points).run(60).history.trials
    assert [trials[index].config for index in range(7)] == list(points)
    assert len({SPACE.key(trial.config) for trial in trials.values()}) == len(trials) > 8
    assert play("fifo", searcher, points=()).run(10).history.trials[0].config != SPACE.midpoint()


@pytest.mark.parametrize("searcher", EACH)
def test_suggestions_do_not_rest_on_memory(searcher: str) -> None:
    assert len(play("hyperband_stopping", searcher, fresh_every=3).run(60).history.trials) > 8


@pytest.mark.parametrize("searcher", EACH)
def test_a_finite_space_is_used_up_once(searcher: str) -> None:
    space = Space({"n": randint(1, 3), "kind": choice(["a", "b"]), "rank": ordinal([1]), "fixed": 7})
    problem = Problem(space, "loss", "min", "epoch", max_resource=2)
    game = play("fifo", searcher, problem).run(1000)
    keys = [space.key(trial.config) for trial in game.history.trials.values()]
    assert game.history.exhausted and len(keys) == len(set(keys)) == space.size == 6


@pytest.mark.parametrize("searcher", EACH)
def test_fifty_workers_get_fifty_configurations(searcher: str) -> None:
    game = play("fifo", searcher, workers=50).run(20)
    assert len(game.history.trials) >= 50


@pytest.mark.parametrize("searcher", EACH)
def test_every_kind_of_hyperparameter_with_four_workers_and_failures(searcher: str) -> None:
    space = Space(
        {
            "lr": loguniform(1e-6, 1.0),
            "units": lograndint(4, 4096),
            "layers": randint(1, 3),
            "kind": choice(["a", True, 3]),
            "batch": ordinal([8, 32, 128]),
            "grid": finrange(0.1, 0.5, 5),
            "one": choice(["only"]),
            "fixed": 7,
        }
    )
    problem = Problem(space, "acc", "max", "epoch", max_resource=2)
    game = play("fifo", searcher, problem, workers=4, world=World(seed=4, nan=0.1, fail=0.3)).run(24)
    trials = list(game.history.trials.values())
    assert game.history.count(Status.FAILED) > 2 and len(trials) > 10
    for trial in trials:
        assert list(trial.config) == list(space.hyperparameters)
        for name, domain in space.hyperparameters.items():
            assert domain.contains(trial.config[name]) and domain.cast(trial.config[name]) == trial.config[name]
