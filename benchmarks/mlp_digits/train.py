"""Train a perceptron with one hidden layer on scikit-learn's handwritten digits; report the validation accuracy.

1,797 images of 8 x 8; a third is for validation. Adam (arXiv 1412.6980), one pass over the data a level.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.replay import parse, run

OPTIONS = {"epochs": int, "n_units": int, "batch_size": int, "learning_rate": float, "alpha": float}


def main(argv: Sequence[str] | None = None) -> None:
    config = parse(__doc__, OPTIONS, argv)
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    images, labels = load_digits(return_X_y=True)
    x, x_validation, y, y_validation = train_test_split(images / 16, labels, test_size=1 / 3, random_state=0)
    model = MLPClassifier(
        hidden_layer_sizes=(config["n_units"],),
        batch_size=config["batch_size"],
        learning_rate_init=config["learning_rate"],
        alpha=config["alpha"],
        random_state=config["train_seed"],
    )

    def train(epoch: int) -> Mapping[str, float]:
        model.partial_fit(x, y, classes=np.unique(labels))
        return {"accuracy": float(model.score(x_validation, y_validation))}

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a learning rate that is too high overflows, and guesses
        run(config, "epoch", config["epochs"], train)


if __name__ == "__main__":
    main()
