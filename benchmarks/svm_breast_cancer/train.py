"""Cross-validate a support vector machine on scikit-learn's breast cancer data; report the mean accuracy so far.

569 cases with 30 features, standardised; ten stratified folds. A level is a fold: a poor configuration shows early.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.replay import parse, run

FOLDS = 10
OPTIONS = {"folds": int, "C": float, "gamma": float, "kernel": str}


def main(argv: Sequence[str] | None = None) -> None:
    config = parse(__doc__, OPTIONS, argv)
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    features, labels = load_breast_cancer(return_X_y=True)
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=config["train_seed"]).split(features, labels))
    accuracies: list[float] = []

    def train(fold: int) -> Mapping[str, float]:
        rows, held_out = folds[fold - 1]
        model = make_pipeline(StandardScaler(), SVC(C=config["C"], gamma=config["gamma"], kernel=config["kernel"]))
        model.fit(features[rows], labels[rows])
        accuracies.append(float(model.score(features[held_out], labels[held_out])))
        return {"accuracy": float(np.mean(accuracies))}

    run(config, "fold", min(config["folds"], FOLDS), train)


if __name__ == "__main__":
    main()
