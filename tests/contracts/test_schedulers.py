"""What every scheduler of the table has to hold, whatever it decides."""

from dataclasses import replace
from typing import Any

import pytest

from harness.core.decisions import Action, Decision, Grounds, Resume, Start
from harness.core.domains import randint
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Status
from harness.errors import UsageError
from harness.plugins import SCHEDULERS
from harness.searchers.random import RandomOptions, RandomSearcher
from harness.tuner.stopping import StoppingCriterion, completed
from tests.fakes.play import PROBLEM, Play, World, context_of

ROUGH = World(seed=3, nan=0.1, fail=0.05, skip=0.2, ragged=0.2)
EARLY = [name for name in SCHEDULERS if "stops_early" in SCHEDULERS[name].capabilities]


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
    """Legs that go nowhere, or on past their end, and trials resumed that are not paused, are faults in `Play`."""
    assert len(play(name, ROUGH, workers=workers, fresh_every=7).run(400).history.results) == 400


class Tape(History):
    """A history that can be played to others."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattribute__(self, method: str) -> Any:
        found = super().__getattribute__(method)
        if method not in ("start", "resume", "report", "set_milestone", "end"):
            return found

        def recorded(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((method, args, kwargs))
            return found(*args, **kwargs)

        return recorded


def test_a_recorded_history_fed_to_a_fresh_one_gets_the_same_answers(name: str) -> None:
    game = play(name, ROUGH)
    game.history = Tape(PROBLEM)
    game.run(250)
    history, fresh, answers = History(PROBLEM), game.make_scheduler(), []
    for method, args, kwargs in game.history.calls:
        if method in ("start", "resume"):
            answers.append(fresh.next(history))
        given = getattr(history, method)(*args, **kwargs)
        if method == "report":
            answers.append(fresh.judge(history, history.trials[given.trial_id], given))
    assert answers == [answer for answer in game.answers if isinstance(answer, (Start, Resume, Decision))]
    assert len(answers) > 250


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


@pytest.mark.parametrize("name", EARLY)
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


def test_ragged_curves_end_their_trials(name: str) -> None:
    history = play(name, World(seed=8, ragged=0.5)).run(1000).history
    early = [it for it in history.trials.values() if it.status is Status.COMPLETED and it.reached < 9]
    assert len(early) > 10 and history.count(Status.FAILED) == 0
    assert any(trial.reached == 9 for trial in history.trials.values()) or "grows" in SCHEDULERS[name].capabilities


def test_a_metric_that_is_never_a_number_ends_no_rung_for_good(name: str) -> None:
    assert len(play(name, World(seed=4, nan=1.0)).run(300).history.trials) > 20


def test_decisions_explain_themselves(name: str) -> None:
    for answer in play(name, ROUGH).run(300).answers:
        if isinstance(answer, Decision) and answer.action is not Action.CONTINUE:
            assert PROBLEM.resource_attr in answer.reason and len(answer.reason) < 120


@pytest.mark.parametrize("name", [name for name in EARLY if "external" not in SCHEDULERS[name].capabilities])
def test_grounds_agree_with_what_was_decided(name: str) -> None:
    told = 0
    for answer in play(name, replace(ROUGH, ties=True)).run(400).answers:
        grounds = getattr(answer, "grounds", None)
        if grounds is None:
            continue
        told += 1
        assert 1 <= grounds.rank <= grounds.count and 0 <= grounds.places <= grounds.count
        if goes_on(answer):
            assert grounds.places == 0 or grounds.rank <= grounds.places
            assert no_worse(grounds)
        elif answer.action is Action.STOP:
            assert grounds.value is None or grounds.rank > grounds.places > 0
    assert told > 20


def goes_on(answer: Any) -> bool:
    return isinstance(answer, Resume) or answer.action is Action.CONTINUE


def no_worse(grounds: Grounds) -> bool:
    if grounds.cutoff is None or grounds.value is None:
        return True
    return grounds.value >= grounds.cutoff  # the metric is to be large


def test_an_exhausted_space_lets_the_started_trials_end(name: str) -> None:
    space = Space({"n": randint(1, 8)})
    problem = Problem(space, "acc", "max", "epoch", max_resource=9, elapsed_time_attr="seconds")
    game = play(name, World(seed=6), problem).run(10**6)
    assert game.history.exhausted and len(game.history.trials) == 8 and not game.history.running()


@pytest.mark.parametrize("world", [World(seed=7), ROUGH], ids=["even", "rough"])
def test_a_number_of_trials_ends_every_experiment(name: str, world: World) -> None:
    game = play(name, world)
    finished = game.scheduler.finished if "grows" in SCHEDULERS[name].capabilities else completed
    criterion = StoppingCriterion(num_trials=6, max_failures=10**6, finished=finished)
    for reports in range(1, 1000):
        if criterion.reached(game.run(reports).history, 0.0):
            break
    assert "6 trials completed" in str(criterion.reached(game.history, 0.0))


def test_a_number_of_failures_ends_every_experiment(name: str) -> None:
    game = play(name, World(seed=9, fail=0.2)).run(300)
    criterion = StoppingCriterion(max_failures=3)
    assert game.history.count(Status.FAILED) >= 3 and "failed" in str(criterion.reached(game.history, 0.0))
