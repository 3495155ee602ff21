"""scikit-optimize: Optimizer with base_estimator="GP" and its defaults. It fits when it is told."""

from __future__ import annotations

from typing import Any

from skopt import Optimizer
from skopt.space import Categorical, Integer, Real


def _dimension(spec: Any) -> Any:
    if spec[0] == "cat":
        return Categorical(spec[1])
    kind = Integer if spec[0] == "logint" else Real
    return kind(*spec[1:], prior="uniform" if spec[0] == "float" else "log-uniform")


class Skopt:
    def __init__(self, space: Any, seed: int, observations: list[Any], workers: int = 1) -> None:
        self._names = list(space)
        self._optimizer = Optimizer(
            [_dimension(spec) for spec in space.values()], base_estimator="GP", random_state=seed
        )
        self._asked: list[list[Any]] = []
        if observations:
            points = [[config[name] for name in self._names] for config, _ in observations]
            self._optimizer.tell(points, [value for _, value in observations])

    def ask(self) -> tuple[int, dict[str, Any]]:
        point = self._optimizer.ask()
        self._asked.append(point)
        plain = [value.item() if hasattr(value, "item") else value for value in point]
        return len(self._asked) - 1, dict(zip(self._names, plain, strict=True))

    def tell(self, token: int, value: float) -> None:
        self._optimizer.tell(self._asked[token], value)
