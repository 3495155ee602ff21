"""Decisions in words and as data, with the metric's own sign."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from harness.core.decisions import Grounds
from harness.core.problem import Problem
from harness.schedulers.rungs import Rung, passes, places, worst_last


def finite(problem: Problem, loss: float) -> float | None:
    """The metric's value of a loss, None where it is not finite."""
    return problem.value(loss) if math.isfinite(loss) else None


def at(problem: Problem, resource: int, loss: float) -> str:
    """Like "epoch 3: 0.79"."""
    return f"{problem.resource_attr} {resource}: {problem.value(loss):.4g}"


def the_end(problem: Problem, resource: int) -> str:
    return f"{problem.resource_attr} {resource}: the maximum is reached"


def compared(problem: Problem, resource: int, loss: float, rung: Rung, count: int, cutoff: float) -> str:
    """How `loss`, one of the rung's `count` values, fares there."""
    verdict = "is no worse than" if passes(loss, cutoff) else "is worse than"
    place = f"{problem.value(cutoff):.4g}, the best {rung.share:.0%} of {count}"
    return f"{at(problem, resource, loss)} {verdict} {place}"


def grounds(
    problem: Problem,
    loss: float,
    rung: Rung,
    ascending: Sequence[float],
    cutoff: float | None,
    bracket: int | None = None,
) -> Grounds:
    """`compared` as data. `loss` may be NaN, `ascending` holds it as +inf; `cutoff` None where nothing is decided."""
    return Grounds(
        level=rung.level,
        value=finite(problem, loss),
        rank=bisect_left(ascending, worst_last(loss)) + 1,
        count=len(ascending),
        places=0 if cutoff is None else places(len(ascending), rung.share),
        cutoff=None if cutoff is None else finite(problem, cutoff),
        bracket=bracket,
    )
