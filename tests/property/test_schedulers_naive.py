"""Schedulers against slow ones that know no index: they read the whole history anew for every answer."""

import math
from statistics import median
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.decisions import Action, Decision, Resume, Start
from harness.core.problem import Problem
from harness.core.trial import Status
from harness.schedulers.hyperband import HyperbandOptions
from harness.schedulers.median import MedianStopping, MedianStoppingOptions
from harness.schedulers.promotion import HyperbandPromotion
from harness.searchers.random import RandomOptions, RandomSearcher
from tests.fakes.play import SPACE, Play, World, context_of

HUGE = 1e12  # stands for NaN, so that numpy can rank it
WORLDS = st.builds(
    World,
    seed=st.integers(0, 10**6),
    nan=st.sampled_from([0.0, 0.3]),
    fail=st.sampled_from([0.0, 0.1]),
    skip=st.sampled_from([0.0, 0.4]),
)


def rank(loss: float) -> float:
    return HUGE if math.isnan(loss) else loss


def plain(answer: Any) -> Any:
    """An answer without its words."""
    match answer:
        case Resume():
            return "resume", answer.trial_id, answer.until, answer.milestone
        case Decision():
            return answer.action
    return answer


def answers(make, problem: Problem, world: World, workers: int) -> list[Any]:
    context = context_of(problem, workers=workers)
    game = Play(lambda: make(context), lambda: RandomSearcher(context, RandomOptions()), problem, workers, world)
    return [plain(answer) for answer in game.run(120).answers]


class NaivePromotion:
    """arXiv:1810.05934, Algorithm 2, with the quantile for the best 1/η."""

    def __init__(self, levels: list[int], factor: float, top: int) -> None:
        self.levels, self.factor, self.top = levels, factor, top

    def entries(self, trial) -> dict[int, float]:
        """Level -> value of the rungs that a trial entered."""
        found, before = {}, 0
        for result in trial.results:
            level = max((level for level in self.levels if before < level <= result.resource), default=None)
            if level is not None:
                found[level] = rank(result.loss)
            before = result.resource
        return found

    def next(self, history):
        order = {trial_id: position for position, trial_id in enumerate(result.trial_id for result in history.results)}
        for level in reversed(self.levels):
            entered = {it.trial_id: self.entries(it) for it in history.trials.values() if level in self.entries(it)}
            values = [levels[level] for levels in entered.values()]
            waiting = [
                (levels[level], order[trial_id], trial_id)
                for trial_id, levels in entered.items()
                if history.trials[trial_id].status is Status.PAUSED and max(levels) == level
            ]
            if len(values) < self.factor or not waiting:
                continue
            loss, _, trial_id = min(waiting)
            if loss < HUGE and loss <= np.quantile(values, 1 / self.factor) + 1e-9:
                until = min(it for it in [*self.levels, self.top] if it > history.trials[trial_id].reached)
                return Resume(trial_id, until, until)
        first = [*self.levels, self.top][0]
        return Start(until=first, milestone=first)

    def judge(self, history, trial, result):
        if result.resource >= self.top:
            return Decision(Action.STOP)
        before = max((it.resource for it in trial.results[:-1]), default=0)
        entered = any(before < level <= result.resource for level in self.levels)
        return Decision(Action.PAUSE if entered else Action.CONTINUE)


@settings(max_examples=25, deadline=None)
@given(
    world=WORLDS,
    factor=st.sampled_from([2, 2.5, 3, 4]),
    grace=st.integers(1, 3),
    top=st.integers(3, 30),
    workers=st.integers(1, 6),
)
def test_promotion(world: World, factor: float, grace: int, top: int, workers: int) -> None:
    problem = Problem(SPACE, "acc", "max", "epoch", max_resource=top)
    options = HyperbandOptions(grace_period=grace, reduction_factor=factor)
    levels = sorted({round(grace * factor**power) for power in range(8) if round(grace * factor**power) < top})
    expected = answers(lambda _: NaivePromotion(levels, factor, top), problem, world, workers)
    assert answers(lambda context: HyperbandPromotion(context, options), problem, world, workers) == expected


class NaiveMedian:
    """Google Vizier, KDD 2017, Section 3.2.2, over all trials that reported at the level."""

    def __init__(self, grace: int, population: int, top: int) -> None:
        self.grace, self.population, self.top = grace, population, top

    def next(self, history):
        return Start()

    def judge(self, history, trial, result):
        level = result.resource
        if level >= self.top:
            return Decision(Action.STOP)
        means = []
        for other in history.trials.values():
            past = [rank(it.loss) for it in other.results if it.resource <= level]
            if other is not trial and any(it.resource == level for it in other.results):
                means.append(HUGE if HUGE in past else sum(past) / len(past))
        best = min(rank(it.loss) for it in trial.results)
        enough = level >= self.grace and len(means) >= self.population
        return Decision(Action.STOP if enough and (best == HUGE or best > median(means)) else Action.CONTINUE)


@settings(max_examples=25, deadline=None)
@given(
    world=WORLDS,
    grace=st.integers(1, 3),
    population=st.integers(1, 6),
    top=st.integers(3, 12),
    workers=st.integers(1, 6),
)
def test_median(world: World, grace: int, population: int, top: int, workers: int) -> None:
    problem = Problem(SPACE, "acc", "max", "epoch", max_resource=top)
    options = MedianStoppingOptions(grace_period=grace, grace_population=population)
    expected = answers(lambda _: NaiveMedian(grace, population, top), problem, world, workers)
    assert answers(lambda context: MedianStopping(context, options), problem, world, workers) == expected
