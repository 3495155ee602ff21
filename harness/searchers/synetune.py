"""Syne Tune's searchers (its releases from 0.14 on)."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

from harness.core.seeds import numpy_seeded
from harness.registry import required
from harness.searchers.external import Axis, Data, ExternalSearcher, Point

_PACKAGE = "syne_tune.optimizer.schedulers.searchers"


class _SyneTune(ExternalSearcher):
    """A searcher that is given the whole history, the trials under way included, and asked for one more.

    Attributes:
        module, attribute: where it lives in Syne Tune.
    """

    module: ClassVar[str]
    attribute: ClassVar[str]

    def propose(self, data: Data, seed: int) -> Point:
        with warnings.catch_warnings(), numpy_seeded(seed), _silenced():
            warnings.simplefilter("ignore")
            spaces = required("syne_tune.config_space", "synetune")
            searcher = getattr(required(f"{_PACKAGE}.{self.module}", "synetune"), self.attribute)
            space = {f"x{index}": _domain(spaces, axis) for index, axis in enumerate(self.axes)}
            known = [self._named(point) for point in (*data.points, *data.pending)]
            asked = searcher(space, points_to_evaluate=known, random_seed=seed)
            for _ in known:
                asked.suggest()
            for trial_id, (config, loss) in enumerate(zip(known, data.losses, strict=False)):
                asked.on_trial_complete(trial_id, config, loss)
            config = asked.suggest()
        return [config[name] for name in space]

    def _named(self, point: Point) -> dict[str, float | int]:
        return {f"x{index}": coordinate for index, coordinate in enumerate(point)}


class SyneTuneBore(_SyneTune):
    """Density ratios by a classifier (L. Tiao et al., ICML 2021)."""

    module, attribute = "bore", "Bore"


class SyneTuneCqr(_SyneTune):
    """Conformal quantile regression (D. Salinas et al., ICML 2023)."""

    module, attribute = "conformal.conformal_quantile_regression_searcher", "ConformalQuantileRegression"


class SyneTuneKde(_SyneTune):
    """Kernel densities: its TPE, and with `synetune_asha` its BOHB."""

    module, attribute = "kde", "KernelDensityEstimator"


class SyneTuneBotorch(_SyneTune):
    """A Gaussian process of BoTorch with log expected improvement."""

    module, attribute = "botorch.botorch_searcher", "BoTorchSearcher"


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """It warns of fits that fail and of spaces that are used up; random configurations stand in then."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _domain(spaces: Any, axis: Axis) -> Any:
    if axis.kind == "float":
        return (spaces.loguniform if axis.log else spaces.uniform)(axis.lower, axis.upper)
    if axis.kind == "int":
        return (spaces.lograndint if axis.log else spaces.randint)(int(axis.lower), int(axis.upper))
    return spaces.choice(list(range(int(axis.upper) + 1)))
