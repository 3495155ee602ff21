"""scikit-optimize's Gaussian process: the searcher that Ray Tune had until 2.10."""

from __future__ import annotations

import warnings

from harness.registry import required
from harness.searchers.external import Axis, Data, ExternalSearcher, Point


class Skopt(ExternalSearcher):
    """`skopt.Optimizer` with its defaults (Matern 5/2, gp_hedge); configurations under way count as the best value so
    far ("constant liar", Ginsbourger, Le Riche, Carraro 2010)."""

    def propose(self, data: Data, seed: int) -> Point:
        skopt = required("skopt", "ray")
        with warnings.catch_warnings():
            # It warns of repeated points and of length scales at their bounds; neither is the user's doing.
            warnings.simplefilter("ignore")
            optimizer = skopt.Optimizer([_dimension(axis) for axis in self.axes], n_initial_points=1, random_state=seed)
            lies = [min(data.losses)] * len(data.pending)
            optimizer.tell([*data.points, *data.pending], [*data.losses, *lies])
            point: Point = list(optimizer.ask())
        return point


def _dimension(axis: Axis):  # type: ignore[no-untyped-def]
    space = required("skopt.space", "ray")
    prior = "log-uniform" if axis.log else "uniform"
    if axis.kind == "float":
        return space.Real(axis.lower, axis.upper, prior=prior)
    if axis.kind == "int":
        return space.Integer(axis.lower, axis.upper, prior=prior)
    return space.Categorical(list(range(int(axis.upper) + 1)))
