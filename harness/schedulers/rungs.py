"""Arithmetic of rungs: at which resource levels successive halving decides, and what is good enough there.

Notation: r_min grace period, η reduction factor, R maximum resource; rungs r_0 < r_1 < ... < R. R itself is no
rung: there a trial ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_SLACK = 1e-9  # 1/η and positions in a list are not exact in floating point


@dataclass(frozen=True)
class Rung:
    """`share`: the part of the trials at `level` that goes on, in (0, 1)."""

    level: int
    share: float


def geometric(grace_period: int, reduction_factor: float, max_resource: int) -> tuple[Rung, ...]:
    """Rungs round(r_min η^j) < R, a share 1/η goes on (arXiv:1810.05934, Algorithm 1)."""
    rungs: list[Rung] = []
    level = grace_period
    while level < max_resource:
        rungs.append(Rung(level, 1 / reduction_factor))
        level = round(grace_period * reduction_factor ** len(rungs))
    return tuple(rungs)


def explicit(levels: Sequence[int], max_resource: int) -> tuple[Rung, ...]:
    """Rungs at the given ascending levels (R is left out); a share r_j / r_{j+1} goes on."""
    bounds = [*(level for level in levels if level < max_resource), max_resource]
    return tuple(Rung(level, level / above) for level, above in pairwise(bounds))


def parse_levels(text: str) -> tuple[int, ...]:
    """Ascending levels from text like "1 3 9"; ValueError where it is not whole numbers from 1 up, each once."""
    try:
        levels = sorted(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        levels = []
    if not levels or levels[0] < 1 or len(set(levels)) < len(levels):
        raise ValueError('expected different whole numbers from 1 up, like "1 3 9"')
    return tuple(levels)


def decides(count: int, share: float) -> bool:
    """Whether `count` values are enough to single out a share of them: at least 1 / share (that is, η)."""
    return count >= 1 / share - _SLACK


def places(count: int, share: float) -> int:
    """How many of `count` different values are at most their `share`-quantile."""
    return math.floor(share * (count - 1) + _SLACK) + 1


def trials_per_bracket(rungs: Sequence[Rung]) -> list[int]:
    """Trials that Hyperband starts in each bracket, bracket b without the lowest b rungs: ⌈K / (s + 1) η^s⌉.

    arXiv:1603.06560, Algorithm 1: K brackets, s rungs above the lowest level of the bracket; η^s is the product of
    the rungs' 1 / share, so that it holds for any levels.
    """
    brackets = len(rungs) + 1
    ratios = [math.prod(1 / rung.share for rung in rungs[start:]) for start in range(brackets)]
    return [math.ceil(brackets / (brackets - start) * ratio - _SLACK) for start, ratio in enumerate(ratios)]


def quantile(ascending: Sequence[float], share: float) -> float:
    """The `share`-quantile, linear between order statistics (numpy's default), infinities allowed.

    Next to an infinity the limit is taken: just above a finite value towards +inf it is +inf.
    """
    position = share * (len(ascending) - 1)
    below = math.floor(position + _SLACK)
    rest = position - below
    if rest <= _SLACK:
        return ascending[below]
    low, high = ascending[below], ascending[below + 1]
    if math.isinf(low) or math.isinf(high):
        return high if math.isinf(high) and high > 0 and math.isfinite(low) else low
    return low + rest * (high - low)


def worst_last(loss: float) -> float:
    """The loss for ranking: NaN is as bad as can be."""
    return math.inf if math.isnan(loss) else loss


def cut(ascending: Sequence[float], share: float) -> float | None:
    """The loss that it takes to be among the best share, None while there are too few values to say."""
    return quantile(ascending, share) if decides(len(ascending), share) else None


def passes(loss: float, cutoff: float) -> bool:
    """Whether `loss` is no worse than the cut. NaN and +inf never are."""
    return loss < math.inf and loss <= cutoff
