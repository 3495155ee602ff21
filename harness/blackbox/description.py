"""What the columns of a table mean: the YAML file beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from harness.core.domains import domain_from_spec
from harness.core.space import Space
from harness.errors import UsageError
from harness.manifest.yaml import parse_mapping

FIELDS = ("hyperparameters", "resource", "elapsed_time", "metrics", "seed", "description")
REQUIRED = ("hyperparameters", "elapsed_time", "metrics")


@dataclass(frozen=True)
class Description:
    """Attributes:
    space: a domain for each hyper-parameter column.
    resource: column of resource levels, None where a configuration has a single row.
    elapsed_time: column of seconds since the trial started, cumulative.
    metrics: column -> direction; the first is the default.
    seed: column that tells repeated trainings of one configuration apart.
    about: where the trainings come from, for people.
    """

    space: Space
    resource: str | None
    elapsed_time: str
    metrics: Mapping[str, Literal["min", "max"]]
    seed: str | None
    about: str = ""

    @property
    def columns(self) -> list[str]:
        others = [self.resource, self.elapsed_time, self.seed]
        return [*self.space.hyperparameters, *(name for name in others if name is not None), *self.metrics]

    def spec(self) -> dict[str, Any]:
        """Plain data: what the file beside a table holds."""
        fields = {
            "description": self.about or None,
            "hyperparameters": {name: domain.spec() for name, domain in self.space.hyperparameters.items()},
            "resource": self.resource,
            "elapsed_time": self.elapsed_time,
            "metrics": dict(self.metrics),
            "seed": self.seed,
        }
        return {name: value for name, value in fields.items() if value is not None}


def description_file(table: Path) -> Path:
    return table.with_suffix(".yaml")


def read_description(table: Path) -> Description:
    """The description beside `table`. UsageError with a line for each fault: file, line, field and what is allowed."""
    path = description_file(table)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"{path}: cannot read the description of the table {table.name}: {reason}") from None
    return _parsed(path, text)


@cache
def _parsed(path: Path, text: str) -> Description:
    values, lines = parse_mapping(text, str(path))
    faults = _Faults(path, lines)
    for name in values:
        if name not in FIELDS:
            faults.add(name, f"unknown field; known: {', '.join(FIELDS)}")
    for name in REQUIRED:
        if name not in values:
            faults.add(name, f"missing; a table needs {', '.join(REQUIRED)}")
    space = _space(values["hyperparameters"], faults) if "hyperparameters" in values else Space({})
    metrics = _metrics(values["metrics"], faults) if "metrics" in values else {}
    columns = {name: values[name] for name in ("resource", "elapsed_time", "seed") if name in values}
    for name, column in columns.items():
        if not isinstance(column, str):
            faults.add(name, f"expected the name of a column, got {column!r}")
    about = values.get("description", "")
    if not isinstance(about, str):
        faults.add("description", f"expected text, got {about!r}")
    named = [*space, *metrics, *map(str, columns.values())]
    for column in sorted({name for name in named if named.count(name) > 1}):
        faults.add(column, "one column cannot be several things")
    faults.check()
    return Description(space, columns.get("resource"), columns["elapsed_time"], metrics, columns.get("seed"), about)


class _Faults:
    """Collects what is wrong with a file, so that all of it is said at once."""

    def __init__(self, path: Path, lines: Mapping[str, int]) -> None:
        self._path = path
        self._lines = lines
        self._found: list[str] = []

    def add(self, field: str, fault: str) -> None:
        line = self._lines.get(field.split(".")[0])
        self._found.append(f"{self._path}{f':{line}' if line else ''}: {field}: {fault}")

    def check(self) -> None:
        if self._found:
            raise UsageError(self._found)


def _space(entries: Any, faults: _Faults) -> Space:
    if not isinstance(entries, dict) or not entries:
        faults.add("hyperparameters", "expected 'name: {type: ..., ...}' entries")
        return Space({})
    domains = {}
    for name, spec in entries.items():
        try:
            if not isinstance(spec, dict):
                raise ValueError(f"expected {{type: ..., ...}}, got {spec!r}")
            domains[name] = domain_from_spec(spec)
        except (ValueError, TypeError) as error:
            faults.add(f"hyperparameters.{name}", str(error))
    return Space(domains)


def _metrics(entries: Any, faults: _Faults) -> dict[str, Literal["min", "max"]]:
    if not isinstance(entries, dict) or not entries:
        faults.add("metrics", "expected 'name: min' or 'name: max' entries, the default metric first")
        return {}
    for name, mode in entries.items():
        if mode not in ("min", "max"):
            faults.add(f"metrics.{name}", f"expected min or max, got {mode!r}")
    return cast(dict[str, Literal["min", "max"]], entries)
