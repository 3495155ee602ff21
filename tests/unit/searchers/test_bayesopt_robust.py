"""Any space, any history: always a valid new configuration, never an exception, never a warning."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.domains import (
    Domain,
    Grid,
    choice,
    finrange,
    logfinrange,
    lograndint,
    loguniform,
    ordinal,
    randint,
    uniform,
    values_of,
)
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Status
from tests.unit.searchers.experiments import begin, searcher_of

DOMAINS: list[st.SearchStrategy[Domain]] = [
    st.builds(uniform, st.floats(-1e6, 0.0), st.floats(0.0, 1e6)),
    st.builds(loguniform, st.floats(1e-12, 1.0), st.floats(1.0, 1e12)),
    st.builds(randint, st.integers(-5, 0), st.integers(0, 10**9)),
    st.builds(lograndint, st.integers(1, 3), st.integers(3, 10**6)),
    st.one_of(st.integers(1, 6), st.just(1000)).map(lambda size: choice([f"v{index}" for index in range(size)])),
    st.integers(1, 6).map(lambda size: ordinal(list(range(size)))),
    st.builds(finrange, st.just(0.0), st.floats(0.0, 9.0), st.integers(1, 9), st.booleans()),
    st.builds(logfinrange, st.just(1.0), st.floats(1.0, 9.0), st.integers(1, 9), st.booleans()),
]
SPACES = st.one_of(
    st.lists(st.one_of(DOMAINS), min_size=1, max_size=6),
    st.builds(lambda domain, count: [domain] * count, st.one_of(DOMAINS[:4]), st.integers(20, 40)),
).map(lambda domains: Space({f"p{index}": domain for index, domain in enumerate(domains)}))
LOSSES = st.one_of(
    st.floats(-10, 10),
    st.sampled_from([0.0, 1.0, 1e30, -1e30, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf, 5e-324]),
)
HISTORIES = st.one_of(
    st.lists(LOSSES, max_size=4),
    st.sampled_from([[0.0], [1e30], [math.nan]]),  # made often: constant metrics
)
STATUSES = st.sampled_from([Status.COMPLETED, Status.COMPLETED, Status.STOPPED, Status.FAILED, None])


def valid(domain: Domain, value) -> bool:
    return value in values_of(domain) if isinstance(domain, Grid) else domain.contains(value)


def play(space: Space, outcomes, levels: tuple[int, ...], workers: int) -> None:
    """Each outcome: losses that a trial reports one epoch after the other, and its end (None: still running).

    Each fifth trial is told, but does not take what was suggested: it repeats an earlier configuration.
    """
    problem = Problem(space, "loss", resource_attr="epoch" if levels else None, max_resource=9 if levels else None)
    history = History(problem)
    it = searcher_of(problem, workers=workers, levels=levels, searcher_num_init_random=2)
    seen = set()
    for reports, status in outcomes:
        config = it.suggest(history, trial_id=len(history.trials), resource=levels[0] if levels else None)
        if config is None:
            assert space.size is not None
            return
        assert list(config) == list(space)
        assert all(valid(domain, config[name]) for name, domain in space.hyperparameters.items())
        assert space.key(config) not in seen
        number = len(history.trials)
        if number % 5 == 4:
            config = history.trials[number // 2].config
        seen.add(space.key(config))
        trial = begin(history, config, levels[0] if levels else None)
        for epoch, loss in enumerate(reports, start=1):
            history.report(trial.trial_id, {"loss": loss, "epoch": epoch}, at=0.0)
        if status is not None:
            history.end(trial.trial_id, status)


CASES = (
    SPACES,
    st.lists(st.tuples(HISTORIES, STATUSES), min_size=4, max_size=14),
    st.sampled_from([(), (1, 3, 9), (2,)]),
)
MANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(MANY, max_examples=60)
@given(*CASES)
def test_any_space_and_history(space: Space, outcomes, levels: tuple[int, ...]) -> None:
    play(space, outcomes, levels, workers=2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(MANY, max_examples=440)
@given(*CASES)
def test_many_spaces_and_histories(space: Space, outcomes, levels: tuple[int, ...]) -> None:
    play(space, outcomes, levels, workers=2)


@pytest.mark.parametrize("levels", [(), (1, 3, 9)])
@pytest.mark.parametrize(
    "losses",
    [[1.0] * 14, [math.nan] * 14, [1e30, 0.1] * 7, [math.inf, 0.3, 0.1, 0.2] * 4, [0.1 + 1e-14 * i for i in range(14)]],
)
def test_losses_that_say_little(losses: list[float], levels: tuple[int, ...]) -> None:
    space = Space({"x": uniform(0.0, 1.0), "kind": choice(["a", "b"])})
    play(space, [([loss, loss, loss], Status.COMPLETED) for loss in losses], levels, workers=1)


@pytest.mark.parametrize(
    "space",
    [
        Space({"only": choice(["a"]), "one": randint(3, 3), "constant": uniform(2.0, 2.0)}),
        Space({"many": choice([f"c{index}" for index in range(1000)]), "x": uniform(0.0, 1.0)}),
        Space({"many": choice([f"c{index}" for index in range(1000)])}),
        Space({f"x{index}": uniform(0.0, 1.0) for index in range(40)}),
    ],
    ids=["one point", "1000 categories and a number", "1000 categories", "40 dimensions"],
)
def test_odd_spaces(space: Space) -> None:
    generator = np.random.default_rng(0)
    play(space, [([float(value)], Status.COMPLETED) for value in generator.normal(size=25)], (), workers=1)
