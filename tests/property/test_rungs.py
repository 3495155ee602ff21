"""The stopping rule against a slow reference that knows no index: all lists are made anew for every report."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.core.decisions import Action
from harness.core.domains import uniform
from harness.core.history import History
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.space import Space
from harness.schedulers.hyperband import HyperbandOptions, HyperbandStopping
from harness.schedulers.rungs import geometric, quantile

HUGE = 1e12  # stands for +inf and NaN, so that numpy can rank them
FACTORS = st.sampled_from([2, 2.5, 3, 4])
LOSSES = st.one_of(st.integers(-40, 40).map(lambda n: n / 8), st.sampled_from([math.nan, math.inf]))


def naive_levels(grace: int, factor: float, top: int) -> list[int]:
    return sorted({round(grace * factor**power) for power in range(40) if round(grace * factor**power) < top})


def naive_stops(reports: list[tuple[int, int, float]], levels: list[int], factor: float) -> bool:
    """Whether the last of the reports (trial, resource, loss) ends its trial below the maximum resource."""

    def entered(position: int) -> int | None:
        trial, resource, _ = reports[position]
        before = max((r for t, r, _ in reports[:position] if t == trial), default=0)
        return max((level for level in levels if before < level <= resource), default=None)

    level = entered(len(reports) - 1)
    if level is None:
        return False
    finite = [min(HUGE, HUGE if math.isnan(loss) else loss) for _, _, loss in reports]
    values = [finite[position] for position in range(len(reports)) if entered(position) == level]
    if len(values) < factor:
        return False
    return finite[-1] == HUGE or finite[-1] > np.quantile(values, 1 / factor) + 1e-9


@given(grace=st.integers(1, 20), factor=st.floats(2, 6), top=st.integers(1, 400))
def test_levels_are_those_of_the_definition(grace: int, factor: float, top: int) -> None:
    rungs = geometric(grace, factor, top)
    assert [rung.level for rung in rungs] == naive_levels(grace, factor, top)
    assert all(rung.share == 1 / factor for rung in rungs)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_quantile_is_numpys(values: list[float], share: float) -> None:
    assert math.isclose(quantile(sorted(values), share), np.quantile(values, share), rel_tol=1e-6, abs_tol=1e-2)


@settings(max_examples=60, deadline=None)
@given(
    factor=FACTORS,
    grace=st.integers(1, 3),
    top=st.integers(3, 30),
    stream=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4), LOSSES), max_size=80),
)
def test_decisions_are_those_of_the_definition(
    factor: float, grace: int, top: int, stream: list[tuple[int, int, float]]
) -> None:
    """`stream`: which of up to six running trials reports, how many levels it advances, its loss."""
    problem = Problem(Space({"x": uniform(0, 1)}), "loss", "min", "epoch", max_resource=top)
    scheduler = HyperbandStopping(Context(problem, 0), HyperbandOptions(grace_period=grace, reduction_factor=factor))
    history, running, reports = History(problem), {}, []
    levels = naive_levels(grace, factor, top)
    for slot, step, loss in stream:
        if slot not in running:
            start = scheduler.next(history)
            running[slot] = history.start({"x": 0.5}, until=None, bracket=start.bracket, milestone=start.milestone)
        trial = running[slot]
        resource = min(top, trial.reached + step)
        reports.append((trial.trial_id, resource, loss))
        result = history.report(trial.trial_id, {"loss": loss, "epoch": resource}, at=0.0)
        decision = scheduler.judge(history, trial, result)
        assert (decision.action is Action.STOP) == (resource == top or naive_stops(reports, levels, factor))
        if decision.action is Action.STOP:
            del running[slot]
