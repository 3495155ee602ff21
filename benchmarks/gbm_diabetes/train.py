"""Fit gradient-boosted trees to scikit-learn's diabetes data; report the root mean squared error on validation data.

442 patients with 10 features, of whom a third is for validation; the target is a measure of the disease one year
later (standard deviation 77). A level adds ten trees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.replay import parse, run

TREES = 10
OPTIONS = {"rounds": int, "learning_rate": float, "max_depth": int, "min_samples_leaf": int, "subsample": float}


def main(argv: Sequence[str] | None = None) -> None:
    config = parse(__doc__, OPTIONS, argv)
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.metrics import root_mean_squared_error
    from sklearn.model_selection import train_test_split

    features, target = load_diabetes(return_X_y=True)
    x, x_validation, y, y_validation = train_test_split(features, target, test_size=1 / 3, random_state=0)
    model = GradientBoostingRegressor(
        learning_rate=config["learning_rate"],
        max_depth=config["max_depth"],
        min_samples_leaf=config["min_samples_leaf"],
        subsample=config["subsample"],
        random_state=config["train_seed"],
        warm_start=True,
    )

    def train(level: int) -> Mapping[str, float]:
        model.set_params(n_estimators=TREES * level)
        model.fit(x, y)
        return {"rmse": float(root_mean_squared_error(y_validation, model.predict(x_validation)))}

    run(config, "round", config["rounds"], train)


if __name__ == "__main__":
    main()
