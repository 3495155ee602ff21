"""What the adapters of other libraries promise beyond the contract of all searchers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from harness.core.seeds import rng
from harness.searchers import smac
from harness.searchers.cmaes import Cmaes
from harness.searchers.external import Data, ExternalOptions, ExternalSearcher, Point
from harness.searchers.synetune import SyneTuneBore
from tests.fakes.play import SPACE, context_of


def seen(searcher: ExternalSearcher, count: int, pending: Sequence[Point] = ()) -> Data:
    """Random trials; the nearer lr is to 0.01, the better."""
    points = [searcher.point(SPACE.sample(rng(1, "point", index))) for index in range(count)]
    return Data(points, [abs(np.log10(point[0]) + 2) for point in points], pending)


@pytest.mark.slow
def test_smacs_forest_is_its_own_but_for_the_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from smac import HyperparameterOptimizationFacade, Scenario

    searcher = smac.Smac(context_of(), ExternalOptions())
    data = seen(searcher, 12)
    found = [searcher.propose(data, seed) for seed in range(3)]
    own = HyperparameterOptimizationFacade.get_model
    monkeypatch.setattr(smac, "_forest", lambda space, count, seed: own(Scenario(space, deterministic=True, seed=seed)))
    monkeypatch.chdir(tmp_path)  # where a scenario makes a folder
    assert [searcher.propose(data, seed) for seed in range(3)] == found


@pytest.mark.slow
def test_cmaes_moves_to_where_losses_are_low() -> None:
    searcher = Cmaes(context_of(), ExternalOptions())
    few, many = seen(searcher, 5), seen(searcher, 160)
    spread = [[np.log10(searcher.propose(data, seed)[0]) for seed in range(60)] for data in (few, many)]
    assert np.mean(np.abs(np.array(spread[1]) + 2)) < 0.6 * np.mean(np.abs(np.array(spread[0]) + 2))


@pytest.mark.slow
def test_syne_tune_leaves_numpys_generator_and_the_logs_as_they_were() -> None:
    searcher = SyneTuneBore(context_of(), ExternalOptions())
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    assert searcher.propose(seen(searcher, 12), 1) == searcher.propose(seen(searcher, 12), 1)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert logging.root.manager.disable == logging.NOTSET
