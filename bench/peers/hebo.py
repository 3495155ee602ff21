"""HEBO with its defaults. It knows no evaluations under way: it is asked again as if there were none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

_KINDS = {"float": "num", "log": "pow", "logint": "pow_int"}


def _parameter(name: str, spec: Any) -> dict[str, Any]:
    if spec[0] == "cat":
        return {"name": name, "type": "cat", "categories": spec[1]}
    return {"name": name, "type": _KINDS[spec[0]], "lb": spec[1], "ub": spec[2]}


class Hebo:
    def __init__(self, space: Any, seed: int, observations: list[Any], workers: int = 1) -> None:
        parameters = DesignSpace().parse([_parameter(name, spec) for name, spec in space.items()])
        self._optimizer = HEBO(parameters, scramble_seed=seed)
        self._asked: list[pd.DataFrame] = []
        if observations:
            frame = pd.DataFrame([config for config, _ in observations])
            self._optimizer.observe(frame, np.array([[value] for _, value in observations]))

    def ask(self) -> tuple[int, dict[str, Any]]:
        row = self._optimizer.suggest(n_suggestions=1)
        self._asked.append(row)
        plain = {name: value.item() if hasattr(value, "item") else value for name, value in row.iloc[0].items()}
        return len(self._asked) - 1, plain

    def tell(self, token: int, value: float) -> None:
        self._optimizer.observe(self._asked[token], np.array([[value]]))
