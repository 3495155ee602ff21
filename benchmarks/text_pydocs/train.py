"""Tell from a paragraph of Python's own documentation which topic it belongs to; report the validation accuracy.

About 1,000 paragraphs of a dozen topics, a third for validation. Linear model on word counts weighted by tf-idf, by
stochastic gradient descent; one pass over the data a level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.pydocs import large_topics, paragraphs
from benchmarks.replay import parse, run

OPTIONS = {"epochs": int, "alpha": float, "eta0": float, "ngram_max": int, "loss": str, "min_df": int}


def main(argv: Sequence[str] | None = None) -> None:
    config = parse(__doc__, OPTIONS, argv)
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import train_test_split

    topics = large_topics()
    labels, texts = zip(*((topic, text) for topic, text in paragraphs() if topic in topics), strict=True)
    texts_train, texts_validation, y, y_validation = train_test_split(
        texts, labels, test_size=1 / 3, random_state=0, stratify=labels
    )
    words = TfidfVectorizer(ngram_range=(1, config["ngram_max"]), min_df=config["min_df"], sublinear_tf=True)
    x, x_validation = words.fit_transform(texts_train), words.transform(texts_validation)
    model = SGDClassifier(
        loss=config["loss"],
        alpha=config["alpha"],
        learning_rate="constant",
        eta0=config["eta0"],
        random_state=config["train_seed"],
    )
    generator = np.random.default_rng(config["train_seed"])

    def train(epoch: int) -> Mapping[str, float]:
        order = generator.permutation(x.shape[0])
        model.partial_fit(x[order], np.array(y)[order], classes=topics)
        return {"accuracy": float(model.score(x_validation, y_validation))}

    run(config, "epoch", config["epochs"], train)


if __name__ == "__main__":
    main()
