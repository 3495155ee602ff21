"""Is the report's 5 % five per cent, and is pairing worth it? Sweeps drawn from simulated runs, real statistics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.core.seeds import rng
from harness.report.stats import adjust, compare
from harness.report.trace import trace
from harness.results.load import read_experiment
from harness.results.rows import read_rows
from tests.fakes.experiments import ran
from tests.fakes.tables import DESCRIPTION, curves, write_table

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SWEEPS, RUN_IDS = 1000, 12
SEEDS = 250


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Final losses of simulated random search: with 4 trials and with 6, 250 seeds each. float64 [2, seeds]

    Trials draw one of several trainings of their configuration, so that one seed's two runs are alike, not equal.
    """
    folder = tmp_path_factory.mktemp("calibration")
    rows: dict[str, list] = {}
    for seed in range(4):
        own = curves(60, 3)
        noise = rng(seed, "training").normal(0, 0.15, len(own["loss"]))
        own["loss"] = (np.array(own["loss"]) + noise).tolist()
        own["seed"] = [seed] * len(own["loss"])
        for name, values in own.items():
            rows.setdefault(name, []).extend(values)
    table = write_table(folder / "curves.parquet", rows, {**DESCRIPTION, "seed": "seed"})
    common = {"benchmark_name": "table", "backend": "simulated", "table": str(table), "run_id": list(range(SEEDS))}
    finals = []
    for number in (4, 6):
        folders = ran(folder / str(number), offset=1, num_trials=number, num_workers=1, **common)
        experiments = [read_experiment(path) for path in folders]
        finals.append([trace(read_rows(one.folder), one).final for one in experiments])
    return np.array(finals)


def share(found):
    """Share of successes with its 95 % interval (Wilson)."""
    test = stats.binomtest(int(np.sum(found)), len(found))
    low, high = test.proportion_ci(method="wilson")
    return test.statistic, low, high


def test_a_method_against_itself(runs):
    """A/A: both sides of a pair are runs of one method; which seeds they are, chance decides."""
    decided = []
    for sweep in range(SWEEPS):
        draw = rng(sweep, "sweep").permutation(SEEDS)[: 2 * RUN_IDS]
        one, other = runs[0][draw[:RUN_IDS]], runs[0][draw[RUN_IDS:]]
        (found,) = adjust([compare("b", "A", "A again", one, other)])
        decided.append(found.decided)
    rate, low, high = share(decided)
    print(f"\nA/A: {rate:.1%} of {SWEEPS} sweeps significant, 95 % interval [{low:.1%}, {high:.1%}]")
    assert low <= 0.05


def test_a_small_difference_shows_sooner_in_pairs(runs):
    """A/B: half as many trials again, so B is better. The unpaired test is Mann and Whitney's, on the same values."""
    paired, unpaired = [], []
    for sweep in range(SWEEPS):
        draw = rng(sweep, "pairs").choice(SEEDS, RUN_IDS, replace=False)
        one, other = runs[1][draw], runs[0][draw]
        paired.append(adjust([compare("b", "B", "A", one, other)])[0].decided)
        unpaired.append(stats.mannwhitneyu(one, other).pvalue <= 0.05)
    for name, found in (("paired", paired), ("unpaired", unpaired)):
        rate, low, high = share(found)
        print(f"\nA/B {name}: power {rate:.1%}, 95 % interval [{low:.1%}, {high:.1%}]")
    assert np.mean(paired) > np.mean(unpaired)
