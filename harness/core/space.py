"""Configuration spaces: ordered mappings of names to domains and constants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from harness.core.domains import Domain, Value, domain_from_spec, values_of

Config = dict[str, Any]


class Space(Mapping[str, "Domain | Value"]):
    """An ordered mapping of names to domains and constants.

    `hyperparameters` holds what is searched, `constants` what is passed on as it is.
    """

    def __init__(self, entries: Mapping[str, Domain | Value]) -> None:
        self._entries = dict(entries)
        self.hyperparameters: dict[str, Domain] = {
            name: entry for name, entry in self._entries.items() if isinstance(entry, Domain)
        }
        self.constants: Config = {name: entry for name, entry in self._entries.items() if not isinstance(entry, Domain)}

    def __getitem__(self, name: str) -> Domain | Value:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int | None:
        """Number of distinct configurations, None where infinite."""
        sizes = [domain.size for domain in self.hyperparameters.values()]
        if any(size is None for size in sizes):
            return None
        return math.prod(size for size in sizes if size is not None)

    def sample(self, generator: np.random.Generator) -> Config:
        """One configuration of the hyperparameters (constants not included)."""
        return {name: domain.sample(generator) for name, domain in self.hyperparameters.items()}

    def midpoint(self) -> Config:
        """Middle of every range (on the log axis where log), first of the categories."""
        return {name: domain.midpoint() for name, domain in self.hyperparameters.items()}

    def complete(self, partial: Mapping[str, Value]) -> Config:
        """`partial` with missing values filled by mid-points. ValueError on unknown names or values outside."""
        unknown = sorted(set(partial) - set(self.hyperparameters))
        if unknown:
            raise ValueError(f"unknown hyper-parameters {unknown}; known: {list(self.hyperparameters)}")
        config = self.midpoint()
        for name, value in partial.items():
            domain = self.hyperparameters[name]
            if not domain.contains(value):
                raise ValueError(f"{name} = {value!r} lies outside {domain.spec()}")
            config[name] = domain.cast(value)
        return config

    def key(self, config: Mapping[str, Value]) -> tuple[Value, ...]:
        """Hashable identity of a configuration: equal keys, equal hyperparameters."""
        return tuple([repr(config[name]) for name in self.hyperparameters])

    def enumerate(self) -> Iterator[Config]:
        """All configurations of a finite space, the last hyperparameter varying fastest. ValueError if infinite."""
        if self.size is None:
            raise ValueError("an infinite space cannot be enumerated")
        names = list(self.hyperparameters)
        values = [values_of(domain) for domain in self.hyperparameters.values()]
        for index in range(self.size):
            config, rest = {}, index
            for name, options in zip(reversed(names), reversed(values), strict=True):
                rest, position = divmod(rest, len(options))
                config[name] = options[position]
            yield {name: config[name] for name in names}

    def spec(self) -> dict[str, Any]:
        """Plain data (JSON, YAML) that `space_from_spec` reads."""
        return {name: entry.spec() if isinstance(entry, Domain) else entry for name, entry in self._entries.items()}


def space_from_spec(spec: Mapping[str, Any]) -> Space:
    """Space from plain data: a mapping with `type` is a domain, anything else a constant."""
    entries: dict[str, Any] = {}
    for name, entry in spec.items():
        try:
            entries[name] = domain_from_spec(entry) if isinstance(entry, Mapping) and "type" in entry else entry
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return Space(entries)
