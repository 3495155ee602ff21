"""Decisions in words, with the metric's own sign."""

from __future__ import annotations

from collections.abc import Sequence

from harness.core.problem import Problem
from harness.schedulers.rungs import Rung, passes, quantile


def at(problem: Problem, resource: int, loss: float) -> str:
    """Like "epoch 3: 0.79"."""
    return f"{problem.resource_attr} {resource}: {problem.value(loss):.4g}"


def the_end(problem: Problem, resource: int) -> str:
    return f"{problem.resource_attr} {resource}: the maximum is reached"


def compared(problem: Problem, resource: int, loss: float, rung: Rung, ascending: Sequence[float]) -> str:
    """How `loss`, one of the rung's values `ascending`, fares there."""
    verdict = "is no worse than" if passes(loss, ascending, rung.share) else "is worse than"
    cut = problem.value(quantile(ascending, rung.share))
    return f"{at(problem, resource, loss)} {verdict} {cut:.4g}, the best {rung.share:.0%} of {len(ascending)}"
