"""Schedulers against slow ones that read the whole history anew for every answer.

Streams of results are drawn: ragged curves, skipped levels, NaN, failures, ties, used-up spaces; the slow suite draws
more than 10,000 of them.
"""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.decisions import Decision, Resume
from harness.core.problem import Problem
from harness.plugins import SCHEDULERS
from tests.fakes.naive_schedulers import (
    NaiveCostPromotion,
    NaiveHyperband,
    NaiveMedian,
    NaivePareto,
    NaivePasha,
    NaivePromotion,
    NaiveStopping,
)
from tests.fakes.play import SPACE, Play, World, context_of

WORLDS = st.builds(
    World,
    seed=st.integers(0, 10**6),
    nan=st.sampled_from([0.0, 0.3]),
    fail=st.sampled_from([0.0, 0.1]),
    skip=st.sampled_from([0.0, 0.4]),
    ragged=st.sampled_from([0.0, 0.4]),
    ties=st.booleans(),
    noise=st.sampled_from([0.02, 1.0]),
)
CASES = st.fixed_dictionaries(
    {
        "world": WORLDS,
        "factor": st.sampled_from([2, 2.5, 3, 4]),
        "grace": st.integers(1, 3),
        "top": st.integers(3, 30),
        "levels": st.none() | st.sets(st.integers(1, 30), min_size=1, max_size=4),
        "workers": st.integers(1, 6),
        "brackets": st.integers(1, 4),
        "shared": st.booleans(),
        "size": st.sampled_from([7, 10**6]),
    }
)


class Midpoints:
    """A searcher for those whom configurations do not concern: `size` of them, all the same."""

    def __init__(self, size: int) -> None:
        self.size = size

    def suggest(self, history, *, trial_id, resource):
        return SPACE.midpoint() if trial_id < self.size else None


def plain(answer: Any) -> Any:
    """An answer without its words."""
    match answer:
        case Resume():
            return "resume", answer.trial_id, answer.until, answer.milestone
        case Decision():
            return answer.action
    return answer


def answers(make: Any, problem: Problem, case: dict[str, Any]) -> list[Any]:
    game = Play(make, lambda: Midpoints(case["size"]), problem, case["workers"], case["world"])
    return [plain(answer) for answer in game.run(120).answers]


def rungs(case: dict[str, Any]) -> tuple[dict[str, Any], list[int], list[float]]:
    """Options, levels below the top, and the share that goes on at each."""
    factor, grace, top = case["factor"], case["grace"], case["top"]
    if case["levels"] is None:
        levels = sorted({round(grace * factor**power) for power in range(8) if round(grace * factor**power) < top})
        return {"grace_period": grace, "reduction_factor": factor}, levels, [1 / factor] * len(levels)
    given = sorted(level for level in case["levels"] if level <= top) or [1]
    levels = [level for level in given if level < top]
    shares = [low / high for low, high in pairwise([*levels, top])]
    return {"rung_levels": " ".join(map(str, given))}, levels, shares


def compare(
    name: str, reference: Any, case: dict[str, Any], more: dict[str, Any], brackets: int = 1, shared: bool = False
) -> None:
    options, levels, shares = rungs(case)
    problem = Problem(SPACE, "acc", "max", "epoch", max_resource=case["top"], elapsed_time_attr="seconds")
    plugin, context = SCHEDULERS[name], context_of(problem, workers=case["workers"])
    built = plugin.load_options()(**options, **more)
    expected = answers(lambda: reference(levels, shares, case["top"], brackets, shared), problem, case)
    assert answers(lambda: plugin.load()(context, built), problem, case) == expected


def with_brackets(name: str, reference: Any) -> Any:
    def check(case: dict[str, Any]) -> None:
        brackets, shared = case["brackets"], case["shared"]
        more = {"brackets": brackets, "no_rung_system_per_bracket": shared}
        compare(name, reference, case, more, brackets, shared)

    return check


def pareto(case: dict[str, Any]) -> None:
    reference = type("Reference", (NaivePareto,), {"objectives": (("acc", -1), ("seconds", 1))})
    with_brackets("mo_asha", reference)(case)


def pasha(case: dict[str, Any]) -> None:
    epsilon = [None, 0.1, 1.0][case["brackets"] % 3]
    criterion = "soft_ranking_auto" if epsilon is None else "soft_ranking"
    reference = type("Reference", (NaivePasha,), {"epsilon": epsilon})
    compare("hyperband_pasha", reference, case, {"pasha_ranking_criterion": criterion, "pasha_epsilon": epsilon or 1})


def hyperband(case: dict[str, Any]) -> None:
    brackets = case["brackets"]
    compare("hyperband_synchronous", NaiveHyperband, case, {"brackets": brackets}, brackets)


def median(case: dict[str, Any]) -> None:
    problem = Problem(SPACE, "acc", "max", "epoch", max_resource=case["top"])
    grace, population = case["grace"], case["brackets"] + 1
    plugin, context = SCHEDULERS["median_stopping"], context_of(problem, workers=case["workers"])
    options = plugin.load_options()(grace_period=grace, grace_population=population)
    expected = answers(lambda: NaiveMedian(grace, population, case["top"]), problem, case)
    assert answers(lambda: plugin.load()(context, options), problem, case) == expected


CHECKS = {
    "stopping": with_brackets("hyperband_stopping", NaiveStopping),
    "promotion": with_brackets("hyperband_promotion", NaivePromotion),
    "cost_promotion": with_brackets("hyperband_cost_promotion", NaiveCostPromotion),
    "mo_asha": pareto,
    "pasha": pasha,
    "hyperband": hyperband,
    "median": median,
}


def draw(rule: str, examples: int) -> None:
    quiet = [HealthCheck.too_slow]
    settings(max_examples=examples, deadline=None, suppress_health_check=quiet)(given(case=CASES)(CHECKS[rule]))()


@pytest.mark.parametrize("rule", CHECKS)
def test_decisions_are_those_of_the_paper(rule: str) -> None:
    draw(rule, 45)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rule", CHECKS)
def test_decisions_are_those_of_the_paper_ten_thousand_times(rule: str) -> None:
    draw(rule, 1500)


@pytest.mark.parametrize("seed", [8, 9, 17])
def test_noise_is_estimated_anew_for_each_top_of_pasha(seed: int) -> None:
    """Long runs in which it matters; the streams drawn above seldom raise the top twice."""
    world, workers = World(seed=seed, noise=[0.3, 1.0][seed % 2]), 2 + seed % 4
    case = {"world": world, "workers": workers, "size": 10**6, "top": 30, "levels": None, "factor": 2, "grace": 1}
    compare("hyperband_pasha", NaivePasha, case, {})
