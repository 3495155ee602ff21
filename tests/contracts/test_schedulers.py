"""What every scheduler of the table has to hold, whatever it decides."""

import pytest

from harness.core.decisions import Action, Decision, Resume, Start
from harness.core.domains import randint
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Status
from harness.errors import UsageError
from harness.plugins import SCHEDULERS
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.fakes.play import PROBLEM, Play, World, context_of

ROUGH = World(seed=3, nan=0.1, fail=0.05, skip=0.2)


def play(name: str, world: World, problem: Problem = PROBLEM, *, workers: int = 4, fresh_every: int = 0) -> Play:
    plugin = SCHEDULERS[name]
    options = plugin.load_options()()
    context = context_of(problem, workers=workers, levels=plugin.load().levels(options, problem))
    return Play(
        lambda: plugin.load()(context, options),
        lambda: RandomSearcher(context, RandomOptions()),
        problem=problem,
        workers=workers,
        world=world,
        fresh_every=fresh_every,
    )


@pytest.fixture(params=SCHEDULERS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_levels_ascend_below_the_maximum(name: str) -> None:
    plugin = SCHEDULERS[name]
    levels = plugin.load().levels(plugin.load_options()(), PROBLEM)
    assert list(levels) == sorted(set(levels)) and all(0 < level < PROBLEM.max_resource for level in levels)
    assert not levels or "multi_fidelity" in plugin.capabilities


@pytest.mark.parametrize("name", [name for name in SCHEDULERS if "multi_fidelity" in SCHEDULERS[name].capabilities])
def test_a_benchmark_without_resource_is_refused(name: str) -> None:
    plugin = SCHEDULERS[name]
    with pytest.raises(UsageError, match="reports a resource"):
        plugin.load().levels(plugin.load_options()(), Problem(PROBLEM.space, "acc"))


@pytest.mark.parametrize("workers", [1, 4, 50])
def test_never_stalls_and_answers_do_not_rest_on_memory(name: str, workers: int) -> None:
    assert len(play(name, ROUGH, workers=workers, fresh_every=7).run(400).history.results) == 400


def test_same_seed_same_run(name: str) -> None:
    assert play(name, ROUGH).run(300).answers == play(name, ROUGH).run(300).answers


def test_only_declared_capabilities_are_used(name: str) -> None:
    answers = play(name, World(seed=1)).run(400).answers
    actions = {answer.action for answer in answers if isinstance(answer, Decision)}
    resumed = any(isinstance(answer, Resume) for answer in answers)
    capabilities = SCHEDULERS[name].capabilities
    assert (Action.PAUSE in actions, resumed) == ("pauses" in capabilities,) * 2
    assert any(isinstance(answer, Start) for answer in answers)
    if "stops_early" not in capabilities:
        assert actions == {Action.CONTINUE}


@pytest.mark.parametrize("name", [name for name in SCHEDULERS if "stops_early" in SCHEDULERS[name].capabilities])
def test_good_trials_get_further(name: str) -> None:
    history = play(name, World(seed=5), workers=4).run(600).history
    ended = [trial for trial in history.trials.values() if trial.status is not Status.IN_PROGRESS]
    top = max(trial.reached for trial in ended)
    first = {trial.trial_id: trial.results[0].loss for trial in ended}
    far = [first[trial.trial_id] for trial in ended if trial.reached == top]
    near = [first[trial.trial_id] for trial in ended if trial.reached < top]
    assert 0 < len(far) < len(near) and sum(far) / len(far) < sum(near) / len(near)


def test_trials_advance_with_failures_everywhere(name: str) -> None:
    history = play(name, World(seed=2, fail=0.3)).run(1500).history
    assert history.count(Status.FAILED) > 20
    assert sum(trial.reached >= 3 for trial in history.trials.values()) > 20


def test_decisions_explain_themselves(name: str) -> None:
    for answer in play(name, ROUGH).run(300).answers:
        if isinstance(answer, Decision) and answer.action is not Action.CONTINUE:
            assert PROBLEM.resource_attr in answer.reason and len(answer.reason) < 120


def test_an_exhausted_space_lets_the_started_trials_end(name: str) -> None:
    space = Space({"n": randint(1, 8)})
    problem = Problem(space, "acc", "max", "epoch", max_resource=9, elapsed_time_attr="seconds")
    game = play(name, World(seed=6), problem).run(10**6)
    assert game.history.exhausted and len(game.history.trials) == 8 and not game.history.running()
