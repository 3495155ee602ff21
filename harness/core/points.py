"""Configurations that an experiment starts with (`points_to_evaluate`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from harness.core.space import Config, Space


def read_points(text: str) -> list[dict[str, Any]]:
    """The partial configurations of a JSON list of objects. ValueError where it is none."""
    try:
        points = json.loads(text)
    except ValueError:
        points = None
    if not isinstance(points, list) or not all(isinstance(point, dict) for point in points):
        raise ValueError('expected a JSON list of objects, e.g. [{"learning_rate": 0.01}, {}]')
    return points


def complete_points(points: Iterable[Mapping[str, Any]], space: Space) -> tuple[Config, ...]:
    """Whole configurations: what a point lacks is the middle of its range; repetitions are left out.

    ValueError names the point that the space does not have.
    """
    complete: dict[Any, Config] = {}
    for position, point in enumerate(points):
        try:
            config = space.complete(point)
        except (TypeError, ValueError) as error:
            raise ValueError(f"point {position}: {error}") from None
        complete.setdefault(space.key(config), config)
    return tuple(complete.values())
