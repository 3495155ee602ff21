import math

import pytest

from harness.core.decisions import Decision, Resume, Start, Wait
from harness.core.domains import randint
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Status
from harness.plugins import SCHEDULERS
from harness.schedulers.halving import ladder
from harness.schedulers.rungs import explicit, geometric
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.fakes.play import PROBLEM, Play, World, context_of


class Table(World):
    """Curves as written: trial id -> (value, level at which the curve ends)."""

    def __init__(self, rows: dict[int, tuple[float, int]]) -> None:
        super().__init__()
        self.rows = rows

    def curve(self, trial_id: int, resource: int) -> float:
        return self.rows.get(trial_id, (0.0, 9))[0]

    def length(self, trial_id: int, top: int) -> int:
        return self.rows.get(trial_id, (0.0, 9))[1]


def game(name: str, world: World, *, workers: int = 1, problem: Problem = PROBLEM, **options) -> Play:
    plugin, context = SCHEDULERS[name], context_of(problem, workers=workers)
    built = plugin.load_options()(**options)
    return Play(
        lambda: plugin.load()(context, built),
        lambda: RandomSearcher(context, RandomOptions()),
        problem=problem,
        workers=workers,
        world=world,
        fresh_every=1,
    )


def test_batches_start_when_the_last_has_ended() -> None:
    play = game("fifo_synchronous", World(seed=1, ragged=0.5, fail=0.1), workers=3).run(150)
    running: set[int] = set()
    for trial_id in range(3, len(play.history.trials), 3):
        before = [play.history.trials[number] for number in range(trial_id)]
        assert all(trial.status is not Status.IN_PROGRESS for trial in before)
        running.add(trial_id)
    assert len(running) > 5 and any(isinstance(answer, Wait) for answer in play.answers)


@pytest.mark.parametrize(
    ("rungs", "top", "expected"),
    [
        # L. Li et al., JMLR 2018, Table 1: R = 81, eta = 3.
        (
            geometric(1, 3, 81),
            81,
            [
                [(1, 81), (3, 27), (9, 9), (27, 3), (81, 1)],
                [(3, 34), (9, 11), (27, 3), (81, 1)],
                [(9, 15), (27, 5), (81, 1)],
                [(27, 8), (81, 2)],
                [(81, 5)],
            ],
        ),
        (explicit((2, 4), 12), 12, [[(2, 6), (4, 3), (12, 1)], [(4, 5), (12, 1)], [(12, 3)]]),
    ],
    ids=["published", "levels"],
)
def test_sizes_of_brackets(rungs, top, expected) -> None:
    for bracket, sizes in enumerate(expected):
        assert [(slots.level, slots.size) for slots in ladder(rungs, bracket, top)] == sizes


@pytest.mark.parametrize("workers", [1, 4])
def test_a_rung_is_full_before_its_best_go_on(workers: int) -> None:
    """R = 9, eta = 3, one bracket: 9 trials at epoch 1, the best 3 at 3, the best at 9."""
    values = [0.3, 0.9, 0.1, 0.5, 0.8, 0.2, 0.7, 0.4, 0.6]
    world = Table({trial_id: (value, 9) for trial_id, value in enumerate(values)})
    play = game("hyperband_synchronous", world, workers=workers, brackets=1).run(60)
    resumed = [answer for answer in play.answers if isinstance(answer, Resume) and answer.trial_id < 9]
    assert [(answer.trial_id, answer.until) for answer in resumed] == [(1, 3), (4, 3), (6, 3), (1, 9)]
    assert resumed[1].reason == "epoch 1: 0.8 is no worse than 0.7, the best 3 of 9"
    assert (resumed[1].grounds.rank, resumed[1].grounds.places, resumed[1].grounds.cutoff) == (2, 3, 0.7)
    paused = [answer for answer in play.answers if isinstance(answer, Decision) and answer.action == "PAUSE"]
    assert paused[0].reason.endswith("waits until all 9 of the rung are there")


def test_brackets_take_turns_and_a_free_worker_begins_the_next() -> None:
    play = game("hyperband_synchronous", World(seed=2), workers=10).run(400)
    starts = [answer for answer in play.answers if isinstance(answer, Start)]
    assert [start.bracket for start in starts[:20]] == [0] * 9 + [1] * 5 + [2] * 3 + [3] * 3
    assert {start.bracket % 3: start.until for start in starts} == {0: 1, 1: 3, 2: 9}
    assert not any(isinstance(answer, Wait) for answer in play.answers)


def test_a_curve_that_ended_keeps_its_place_in_the_rungs_above() -> None:
    """Trial 1 is the best, but has no rows beyond epoch 2: it fills a place at 3 and the one at 9, both at once."""
    values = [0.3, 0.9, 0.1, 0.5, 0.8, 0.2, 0.7, 0.4, 0.6]
    world = Table({trial_id: (value, 2 if trial_id == 1 else 9) for trial_id, value in enumerate(values)})
    play = game("hyperband_synchronous", world, brackets=1).run(30)
    legs = {trial_id: play.history.trials[trial_id].leg for trial_id in range(9)}
    assert [trial_id for trial_id, leg in legs.items() if leg] == [1, 4, 6]
    trials = play.history.trials
    assert trials[1].status is Status.COMPLETED and trials[1].reached == 2
    assert (trials[4].reached, trials[6].reached) == (3, 3)
    assert max(trial.bracket for trial in trials.values()) == 1


def test_failed_trials_and_values_that_are_no_number_never_go_on() -> None:
    world = Table({trial_id: (math.nan if trial_id % 9 else 0.5, 9) for trial_id in range(40)})
    play = game("hyperband_synchronous", world, brackets=1).run(51)
    assert {it.trial_id for it in play.history.trials.values() if it.leg} == {0, 9, 18}
    failing = game("hyperband_synchronous", World(seed=3, fail=0.6), workers=4).run(400).history
    assert failing.count(Status.FAILED) > 50 and max(trial.bracket for trial in failing.trials.values()) > 20


def test_the_last_bracket_of_a_used_up_space_goes_on_without_filling_up() -> None:
    problem = Problem(Space({"n": randint(1, 8)}), "acc", "max", "epoch", max_resource=9)
    history = game("hyperband_synchronous", World(seed=6), problem=problem).run(10**6).history
    reached = sorted(trial.reached for trial in history.trials.values())
    assert reached == [1] * 5 + [3, 3, 9] and history.exhausted
