"""Ray Tune's searcher `OptunaSearch`."""

from __future__ import annotations

from harness.registry import required
from harness.searchers.external import Data, ExternalSearcher, Point
from harness.searchers.optuna import distributions_of, named, quiet

LOSS = "loss"


class RayOptuna(ExternalSearcher):
    """`OptunaSearch` with its defaults: Optuna's tree-structured Parzen estimator with those of Optuna, so that the
    first ten trials are random. It does not count trials under way as bad, as `optuna_tpe` has it."""

    def propose(self, data: Data, seed: int) -> Point:
        with quiet("ray") as optuna:
            search = required("ray.tune.search.optuna", "ray").OptunaSearch(
                distributions_of(optuna, self.axes),
                metric=LOSS,
                mode="min",
                points_to_evaluate=[named(self.axes, point) for point in data.pending],
                seed=seed,
            )
            for point, loss in zip(data.points, data.losses, strict=True):
                search.add_evaluated_point(named(self.axes, point), loss)
            for index in range(len(data.pending)):
                search.suggest(f"pending {index}")
            asked = search.suggest("next")
        return [asked[axis.name] for axis in self.axes]
