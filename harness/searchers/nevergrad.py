"""Nevergrad's choice of an evolutionary algorithm for the space and the number of workers (NGOpt)."""

from __future__ import annotations

import warnings
from typing import Any

from harness.core.protocols import Context
from harness.registry import required
from harness.searchers.external import Axis, Data, ExternalOptions, ExternalSearcher, Point

# What NGOpt fits its choice of algorithm to; it is told no number of trials in advance.
BUDGET = 1000


class Nevergrad(ExternalSearcher):
    """`nevergrad.optimizers.NGOpt`, told of all trials as points that it did not ask for."""

    def __init__(self, context: Context, options: ExternalOptions) -> None:
        super().__init__(context, options)
        self._workers = context.num_workers

    def propose(self, data: Data, seed: int) -> Point:
        ng = required("nevergrad", "nevergrad")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            space = ng.p.Dict(**{f"x{index}": _parameter(ng.p, axis) for index, axis in enumerate(self.axes)})
            space.random_state.seed(seed)
            optimizer = ng.optimizers.NGOpt(space, budget=BUDGET, num_workers=self._workers)
            for point, loss in zip(data.points, data.losses, strict=True):
                value = {f"x{index}": coordinate for index, coordinate in enumerate(point)}
                optimizer.tell(space.spawn_child(new_value=value), loss)
            asked = optimizer.ask().value
        return [asked[f"x{index}"] for index in range(len(self.axes))]


def _parameter(parameters: Any, axis: Axis) -> Any:
    if axis.kind == "choice":
        return parameters.Choice(list(range(int(axis.upper) + 1)))
    if axis.log:
        scalar = parameters.Log(lower=axis.lower, upper=axis.upper)
    else:
        scalar = parameters.Scalar(lower=axis.lower, upper=axis.upper)
    return scalar.set_integer_casting() if axis.kind == "int" else scalar
