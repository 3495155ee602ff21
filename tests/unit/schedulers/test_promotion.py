import pytest

from harness.core.decisions import Resume, Start
from harness.schedulers.hyperband import HyperbandOptions
from harness.schedulers.promotion import HyperbandPromotion
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.fakes.play import Play, World, context_of


def game(world: World, *, workers: int = 1, **options) -> Play:
    context = context_of(workers=workers)
    return Play(
        lambda: HyperbandPromotion(context, HyperbandOptions(**options)),
        lambda: RandomSearcher(context, RandomOptions()),
        workers=workers,
        world=world,
        fresh_every=5,
    )


def test_legs_run_from_rung_to_rung_and_promotions_say_why() -> None:
    answers = game(World(seed=1)).run(60).answers
    assert {answer.until for answer in answers if isinstance(answer, Start)} == {1}
    resumed = [answer for answer in answers if isinstance(answer, Resume)]
    assert {answer.until for answer in resumed} == {3, 9}
    assert all(answer.milestone == answer.until and "the best 33% of" in answer.reason for answer in resumed)


@pytest.mark.parametrize("workers", [1, 8])
def test_all_brackets_promote(workers: int) -> None:
    history = game(World(seed=2, nan=0.1, fail=0.05, skip=0.2), workers=workers, brackets=3).run(600).history
    far = {trial.bracket for trial in history.trials.values() if trial.reached == 9}
    legs = {(trial.bracket, trial.leg) for trial in history.trials.values()}
    assert far == {0, 1, 2} and {(0, 2), (1, 1)} <= legs and (2, 1) not in legs
