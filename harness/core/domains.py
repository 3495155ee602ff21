"""Domains of hyper-parameters: how their values are sampled, cast and written down.

A domain knows two maps between its values and the unit interval:
    encode   value -> [0, 1], linear (logarithmic where the domain says log; ordinals by index / (n - 1))
    decode   [0, 1] -> the nearest value
Sampling is uniform over the (log-)range, or over the values of a finite domain.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

Value = Any

# Up to here floats, in which positions are computed, tell integers apart.
_LARGEST = 2**53
# More values than that are a range, and take seconds to list.
_MOST_VALUES = 1_000_000


def _as_number(value: Value) -> float:
    """NaN for what is none, which no range contains; text counts, as it may have travelled through a command line."""
    try:
        return math.nan if isinstance(value, (bool, np.bool_)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return bool(a == b)


class _Scale:
    """Linear or logarithmic map of [lower, upper] on [0, 1]; shared by the numeric domains."""

    lower: float
    upper: float
    log: bool

    def _check_range(self) -> None:
        if not (math.isfinite(self.lower) and math.isfinite(self.upper)):
            raise ValueError(f"bounds must be finite, got [{self.lower}, {self.upper}]")
        if self.lower > self.upper:
            raise ValueError(f"lower bound {self.lower} is above upper bound {self.upper}")
        if self.log and self.lower <= 0:
            raise ValueError(f"a logarithmic range needs a positive lower bound, got {self.lower}")

    def _to_unit(self, value: float) -> float:
        if self.lower == self.upper:
            return 0.5
        if self.log:
            position = math.log(value / self.lower) / math.log(self.upper / self.lower)
        else:
            position = (value - self.lower) / (self.upper - self.lower)
        return min(1.0, max(0.0, position))

    def _from_unit(self, position: float) -> float:
        position = min(1.0, max(0.0, float(position)))
        if self.log:
            value = math.exp(math.log(self.lower) + position * math.log(self.upper / self.lower))
        else:
            value = self.lower + position * (self.upper - self.lower)
        return min(self.upper, max(self.lower, value))


@dataclass(frozen=True)
class Float(_Scale):
    lower: float
    upper: float
    log: bool = False

    def __post_init__(self) -> None:
        self._check_range()

    @property
    def size(self) -> int | None:
        return 1 if self.lower == self.upper else None

    def sample(self, generator: np.random.Generator) -> float:
        return self._from_unit(generator.random())

    def midpoint(self) -> float:
        return self._from_unit(0.5)

    def encode(self, value: Value) -> float:
        return self._to_unit(float(value))

    def decode(self, position: float) -> float:
        return self._from_unit(position)

    def cast(self, value: Value) -> float:
        return float(value)

    def contains(self, value: Value) -> bool:
        slack = 1e-9 * max(abs(self.lower), abs(self.upper))
        return self.lower - slack <= _as_number(value) <= self.upper + slack

    def spec(self) -> dict[str, Any]:
        return {"type": "loguniform" if self.log else "uniform", "lower": self.lower, "upper": self.upper}


@dataclass(frozen=True)
class Integer(_Scale):
    """All integers in [lower, upper], both ends included."""

    lower: int
    upper: int
    log: bool = False

    def __post_init__(self) -> None:
        self._check_range()
        if max(abs(self.lower), abs(self.upper)) > _LARGEST:
            raise ValueError(f"bounds of an integer range must be within 2**53, got [{self.lower}, {self.upper}]")
        if self.lower != int(self.lower) or self.upper != int(self.upper):
            raise ValueError(f"bounds of an integer range must be whole, got [{self.lower}, {self.upper}]")

    @property
    def size(self) -> int | None:
        return int(self.upper) - int(self.lower) + 1

    def sample(self, generator: np.random.Generator) -> int:
        if not self.log:
            return int(generator.integers(self.lower, self.upper, endpoint=True))
        low, high = math.log(self.lower - 0.5), math.log(self.upper + 0.5)
        return self._clip(math.exp(low + generator.random() * (high - low)))

    def midpoint(self) -> int:
        return self._clip(self._from_unit(0.5))

    def encode(self, value: Value) -> float:
        return self._to_unit(float(value))

    def decode(self, position: float) -> int:
        return self._clip(self._from_unit(position))

    def cast(self, value: Value) -> int:
        return round(float(value))

    def contains(self, value: Value) -> bool:
        number = _as_number(value)
        return self.lower <= number <= self.upper and _close(number, round(number))

    def spec(self) -> dict[str, Any]:
        return {"type": "lograndint" if self.log else "randint", "lower": self.lower, "upper": self.upper}

    def _clip(self, value: float) -> int:
        return min(int(self.upper), max(int(self.lower), round(value)))


@dataclass(frozen=True)
class Categorical:
    """A finite list of values; with `ordered`, neighbours in the list count as near (one axis instead of one each)."""

    values: tuple[Value, ...]
    ordered: bool = False

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("a choice needs at least one value")
        seen = set()
        for value in self.values:
            key = (type(value).__name__, repr(value))
            if key in seen:
                raise ValueError(f"value {value!r} is listed twice")
            seen.add(key)

    @property
    def size(self) -> int | None:
        return len(self.values)

    def sample(self, generator: np.random.Generator) -> Value:
        return self.values[int(generator.integers(len(self.values)))]

    def midpoint(self) -> Value:
        return self.values[len(self.values) // 2] if self.ordered else self.values[0]

    def encode(self, value: Value) -> float:
        return self.index(value) / max(1, len(self.values) - 1)

    def decode(self, position: float) -> Value:
        position = min(1.0, max(0.0, float(position)))
        return self.values[round(position * (len(self.values) - 1))]

    def cast(self, value: Value) -> Value:
        return self.values[self.index(value)]

    def contains(self, value: Value) -> bool:
        return any(_close(value, known) for known in self.values)

    def index(self, value: Value) -> int:
        """Position of `value` in the list; ValueError where it is not there."""
        for position, known in enumerate(self.values):
            if _close(value, known):
                return position
        for position, known in enumerate(self.values):
            if str(value) == str(known):  # values that travelled through a command line are text
                return position
        raise ValueError(f"{value!r} is none of {list(self.values)}")

    def spec(self) -> dict[str, Any]:
        return {"type": "ordinal" if self.ordered else "choice", "values": list(self.values)}


@dataclass(frozen=True)
class Grid(_Scale):
    """`count` values evenly spaced (on the log axis with `log`) from lower to upper, optionally rounded to integers."""

    lower: float
    upper: float
    count: int
    log: bool = False
    cast_int: bool = False

    def __post_init__(self) -> None:
        self._check_range()
        if not isinstance(self.count, Integral) or not 1 <= self.count <= _MOST_VALUES:
            raise ValueError(f"the size of a finite range is a whole number from 1 to {_MOST_VALUES}, got {self.count}")

    @cached_property
    def values(self) -> tuple[float | int, ...]:
        """The grid, ascending; rounding to integers can make some of its values one."""
        exact = [self._from_unit(index / max(1, self.count - 1)) for index in range(self.count)]
        return tuple(dict.fromkeys(map(round, exact))) if self.cast_int else tuple(dict.fromkeys(exact))

    @property
    def size(self) -> int | None:
        return len(self.values)

    def sample(self, generator: np.random.Generator) -> float | int:
        return self.values[int(generator.integers(len(self.values)))]

    def midpoint(self) -> float | int:
        return self.values[len(self.values) // 2]

    def encode(self, value: Value) -> float:
        """By position in the grid, which is even on the grid's own axis."""
        return self._nearest(float(value)) / max(1, len(self.values) - 1)

    def decode(self, position: float) -> float | int:
        return self.values[round(min(1.0, max(0.0, float(position))) * (len(self.values) - 1))]

    def cast(self, value: Value) -> float | int:
        return self.values[self._nearest(float(value))]

    def contains(self, value: Value) -> bool:
        number = _as_number(value)
        return math.isfinite(number) and _close(float(self.cast(number)), number)

    def _nearest(self, value: float) -> int:
        above = bisect_left(self.values, value)
        around = range(max(0, above - 1), min(len(self.values), above + 1))
        return min(around, key=lambda index: abs(self.values[index] - value))

    def spec(self) -> dict[str, Any]:
        kind = "logfinrange" if self.log else "finrange"
        return {
            "type": kind,
            "lower": self.lower,
            "upper": self.upper,
            "size": self.count,
            "cast_int": self.cast_int,
        }


Domain = Float | Integer | Categorical | Grid


def uniform(lower: float, upper: float) -> Float:
    return Float(float(lower), float(upper))


def loguniform(lower: float, upper: float) -> Float:
    return Float(float(lower), float(upper), log=True)


def randint(lower: int, upper: int) -> Integer:
    return Integer(lower, upper)


def lograndint(lower: int, upper: int) -> Integer:
    return Integer(lower, upper, log=True)


def choice(values: Sequence[Value]) -> Categorical:
    return Categorical(tuple(values))


def ordinal(values: Sequence[Value]) -> Categorical:
    return Categorical(tuple(values), ordered=True)


def finrange(lower: float, upper: float, size: int, cast_int: bool = False) -> Grid:
    return Grid(float(lower), float(upper), size, cast_int=cast_int)


def logfinrange(lower: float, upper: float, size: int, cast_int: bool = False) -> Grid:
    return Grid(float(lower), float(upper), size, log=True, cast_int=cast_int)


CONSTRUCTORS = {
    "uniform": uniform,
    "loguniform": loguniform,
    "randint": randint,
    "lograndint": lograndint,
    "choice": choice,
    "ordinal": ordinal,
    "finrange": finrange,
    "logfinrange": logfinrange,
}


def domain_from_spec(spec: Mapping[str, Any]) -> Domain:
    """Inverse of `Domain.spec`. ValueError on an unknown type or wrong keys."""
    arguments = dict(spec)
    kind = arguments.pop("type", None)
    if not isinstance(kind, str) or kind not in CONSTRUCTORS:
        raise ValueError(f"unknown domain type {kind!r}; known: {', '.join(CONSTRUCTORS)}")
    if isinstance(arguments.get("values"), str):
        raise ValueError(f"values of a {kind}: expected a list, got {arguments['values']!r}")
    try:
        domain: Domain = CONSTRUCTORS[kind](**arguments)  # type: ignore[operator]
    except (TypeError, OverflowError) as error:
        raise ValueError(f"domain of type {kind}: {error}") from None
    return domain


def values_of(domain: Domain) -> Sequence[Value]:
    """All values of a finite domain, in order."""
    if isinstance(domain, Categorical):
        return domain.values
    if isinstance(domain, Grid):
        return domain.values
    if isinstance(domain, Integer):
        return range(int(domain.lower), int(domain.upper) + 1)
    return [domain.lower]
