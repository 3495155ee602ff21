"""Two methods on one benchmark, paired by run id. Losses throughout: lower is better.

The test is Wilcoxon's signed rank test on the differences of final losses (Wilcoxon 1945), two-sided, exact where no
differences tie, else by permuting signs; Holm (1979) holds the chance of any wrong claim over all pairs at 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.core.seeds import rng

Floats = NDArray[np.float64]

ALPHA = 0.05
POWER = 0.8
RESAMPLES = 9999
# More run ids than this are not worth waiting for: the difference is then called undecidable.
MOST_RUNS = 500


@dataclass(frozen=True)
class Comparison:
    """Attributes:
    difference: median over the pairs of (second's loss - first's loss): positive where the first is better.
    low, high: 95 % percentile bootstrap interval of it.
    p_value: of the signed rank test; 1 where all pairs tie, NaN where there is no pair.
    adjusted: the same after Holm over all comparisons of the page.
    more_runs: about how many more run ids would decide, with 80 % power, were the observed effect the true one;
        0 where it is decided, None where `MOST_RUNS` would not do.
    """

    benchmark: str
    first: str
    second: str
    pairs: int
    wins: int
    ties: int
    losses: int
    difference: float
    low: float
    high: float
    p_value: float
    adjusted: float = math.nan
    more_runs: int | None = None

    @property
    def decided(self) -> bool:
        return self.adjusted <= ALPHA


def compare(benchmark: str, first: str, second: str, one: Floats, other: Floats) -> Comparison:
    """Compare final losses of equal run ids. `one`, `other`: finite float64 [pairs]."""
    differences = other - one
    low, high = bootstrap_interval(differences)
    return Comparison(
        benchmark=benchmark,
        first=first,
        second=second,
        pairs=len(differences),
        wins=int((differences > 0).sum()),
        ties=int((differences == 0).sum()),
        losses=int((differences < 0).sum()),
        difference=float(np.median(differences)) if len(differences) else math.nan,
        low=low,
        high=high,
        p_value=signed_rank(differences),
    )


def bootstrap_interval(values: Floats) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the median (Efron 1979); NaN of less than two values."""
    from scipy import stats

    if len(values) < 2:
        return math.nan, math.nan
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    interval = stats.bootstrap(
        (values,), np.median, n_resamples=RESAMPLES, method="percentile", rng=rng(0, "bootstrap")
    ).confidence_interval
    return float(interval.low), float(interval.high)


def signed_rank(differences: Floats) -> float:
    """Two-sided p-value; zero differences are left out (Wilcoxon's own way)."""
    from scipy import stats

    moved = differences[differences != 0]
    if not len(differences):
        return math.nan
    if not len(moved):
        return 1.0
    tied = len(np.unique(np.abs(moved))) < len(moved)
    if not tied and len(moved) <= 50:
        return float(stats.wilcoxon(moved, method="exact").pvalue)
    if len(moved) > 50:
        return float(stats.wilcoxon(moved, method="asymptotic", correction=True).pvalue)
    permute = stats.PermutationMethod(n_resamples=RESAMPLES, rng=rng(0, "permutation"))
    return min(1.0, float(stats.wilcoxon(moved, method=permute).pvalue))


def least_pairs(alpha: float) -> int:
    """Pairs from which on the test can succeed at level `alpha` at all: its least p-value is 2 / 2^n."""
    return math.ceil(1 - math.log2(alpha))


def adjust(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons with Holm's p-values over all of them, and what each still needs."""
    from statsmodels.stats.multitest import multipletests

    tested = [one for one in comparisons if not math.isnan(one.p_value)]
    if not tested:
        return list(comparisons)
    adjusted = multipletests([one.p_value for one in tested], alpha=ALPHA, method="holm")[1]
    by_identity = {id(one): float(p) for one, p in zip(tested, adjusted, strict=True)}
    return [replace(one, adjusted=by_identity.get(id(one), math.nan)) for one in comparisons]


def with_needs(comparison: Comparison, differences: Floats, open_comparisons: int) -> Comparison:
    """The comparison with its `more_runs`; `open_comparisons` are those that Holm has not decided."""
    if comparison.decided:
        return replace(comparison, more_runs=0)
    return replace(comparison, more_runs=more_runs(differences, ALPHA / max(open_comparisons, 1)))


def more_runs(differences: Floats, alpha: float) -> int | None:
    """Further pairs for a signed rank test at level `alpha` to succeed with 80 % power.

    By Noether (1987), "Sample size determination for some common nonparametric tests": n = (z_alpha/2 + z_beta)^2 /
    (3 (p - 1/2)^2), p the chance that the mean of two differences is positive, as observed; never less than the least
    number with which the test can succeed. None beyond `MOST_RUNS`, or where nothing can be estimated.
    """
    from scipy import stats

    if len(differences) < 2:
        return None
    sums = np.sign(differences[:, None] + differences)[np.triu_indices(len(differences), 1)]
    effect = abs(float(sums.mean())) / 2
    if effect == 0:
        return None
    quantiles = stats.norm.ppf([1 - alpha / 2, POWER]).sum()
    needed = max(math.ceil(quantiles**2 / (3 * effect**2)), least_pairs(alpha))
    return max(needed - len(differences), 1) if needed <= MOST_RUNS else None
