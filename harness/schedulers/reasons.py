"""Decisions in words and as data, with the metric's own sign."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from harness.core.decisions import Grounds
from harness.core.problem import Problem
from harness.schedulers.rungs import Rung, decides, passes, places, quantile, worst_last


def finite(problem: Problem, loss: float) -> float | None:
    """The metric's value of a loss, None where it is not finite."""
    return problem.value(loss) if math.isfinite(loss) else None


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


def grounds(
    problem: Problem, loss: float, rung: Rung, ascending: Sequence[float], bracket: int | None = None
) -> Grounds:
    """`compared` as data. `loss` may be NaN, `ascending` holds it as +inf."""
    known = decides(len(ascending), rung.share)
    return Grounds(
        level=rung.level,
        value=finite(problem, loss),
        rank=bisect_left(ascending, worst_last(loss)) + 1,
        count=len(ascending),
        places=places(len(ascending), rung.share) if known else 0,
        cutoff=finite(problem, quantile(ascending, rung.share)) if known else None,
        bracket=bracket,
    )
