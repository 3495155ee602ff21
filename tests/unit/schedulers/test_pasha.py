import math

import pytest

from harness.core.trial import Status
from harness.schedulers.pasha import Pasha, PashaOptions
from harness.schedulers.ranking import Noise, mean_gap, median_gap, same_ranking, spread
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.fakes.play import Play, World, context_of


class Parallel(World):
    """Curves that never cross."""

    def curve(self, trial_id: int, resource: int) -> float:
        return (trial_id * 37 % 101) / 101 + resource / 100


class Shuffled(World):
    """Each level has an order of its own."""

    def curve(self, trial_id: int, resource: int) -> float:
        return ((trial_id * 37 + resource * 55) * (resource + 1) % 101) / 101


def reached(world: World, **options) -> int:
    context = context_of()
    play = Play(
        lambda: Pasha(context, PashaOptions(**options)),
        lambda: RandomSearcher(context, RandomOptions()),
        world=world,
        fresh_every=11,
    )
    return max(trial.reached for trial in play.run(500).history.trials.values())


@pytest.mark.parametrize("criterion", ["auto", "std", "median_dst", "mean_dst"])
def test_a_stable_ranking_keeps_the_second_rung_the_top(criterion: str) -> None:
    assert reached(Parallel(), pasha_ranking_criterion=f"soft_ranking_{criterion}") == 3


def test_a_changing_ranking_raises_the_top_to_the_maximum() -> None:
    assert reached(Shuffled(), pasha_ranking_criterion="soft_ranking", pasha_epsilon=0.01) == 9
    assert reached(Shuffled(), pasha_ranking_criterion="soft_ranking") == 3, "ε = 1, the launcher's old default"


def test_trials_at_the_top_count_as_finished() -> None:
    context = context_of()
    play = Play(
        lambda: Pasha(context, PashaOptions()), lambda: RandomSearcher(context, RandomOptions()), world=Parallel()
    ).run(200)
    at_top = [trial for trial in play.history.trials.values() if trial.reached == 3]
    assert play.scheduler.finished(play.history) == len(at_top) > 5 and play.history.count(Status.COMPLETED) == 0
    words = [answer.reason for answer in play.answers if "at present" in getattr(answer, "reason", "")]
    assert len(words) == len(at_top) and words[0].startswith("epoch 3: ")


@pytest.mark.parametrize(
    ("above", "epsilon", "same"),
    [
        ({0: 0.1, 1: 0.2, 2: 0.3}, 0.0, True),
        ({0: 0.2, 1: 0.1, 2: 0.3}, 0.0, False),
        ({0: 0.2, 1: 0.1, 2: 0.3}, 0.5, True),
        ({0: 0.2, 1: 0.3, 2: 0.1}, 0.5, False),
        ({2: 0.5}, 0.0, True),
        ({0: 0.2, 7: 0.1}, 0.0, True),  # 7 never was at the rung below
        ({3: 0.1, 4: 0.2, 0: 0.3}, 0.5, False),  # from worst to best
    ],
)
def test_soft_ranking(above: dict[int, float], epsilon: float, same: bool) -> None:
    below = {0: 1.0, 1: 1.5, 2: 2.5, 3: math.inf, 4: math.inf}
    assert same_ranking(below, above, epsilon) is same


def test_noise_is_the_distance_of_curves_that_cross_twice() -> None:
    noise = Noise()
    noise.add({1: 0.5, 2: 0.5, 3: 0.5})
    noise.add({1: 0.6, 2: 0.4, 3: 0.4})  # crosses once
    assert noise.epsilon == 0.0
    noise.add({1: 0.6, 2: 0.45, 3: 0.7})  # crosses the first twice, the second not
    assert noise.epsilon == pytest.approx(0.2)


def test_scales_of_values_leave_out_infinities() -> None:
    values = [3.0, 1.0, math.inf, 7.0]
    assert (median_gap(values), mean_gap(values)) == (3.0, 3.0)
    assert spread(values) == pytest.approx(2.494438)
    assert (median_gap([1.0]), mean_gap([]), spread([math.inf])) == (0.0, 0.0, 0.0)
