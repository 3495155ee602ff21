"""Plug-in tables: name -> where it lives. Nothing is imported until it is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from harness.errors import EnvironmentFault, UsageError


@dataclass(frozen=True)
class Plugin:
    """One line of a table.

    Attributes:
        target: "module:attribute" of the factory.
        options: "module:attribute" of its options model; importing that module must stay cheap.
        summary: one line for `--help` and `harness list`.
        capabilities: declared facts that `plan.resolve` checks combinations by.
        pairs_with: names of the other kind that it may be combined with (scheduler and searcher; of a benchmark:
            back-ends); empty for all.
        instead: of a scheduler: names of searchers that stand for other entries of the table under it.
        needs: of a back-end: capabilities that the benchmark must have; of a searcher: attributes of its `Problem`.
        extra: optional dependencies of this project that it needs where it runs ("pip install -e .[extra]").
    """

    target: str
    options: str
    summary: str
    capabilities: frozenset[str] = frozenset()
    pairs_with: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    extra: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> Any:
        return load(self.target)

    def load_options(self) -> Any:
        return load(self.options)


def load(target: str) -> Any:
    """The object that "module:attribute" names."""
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def required(module: str, extra: str) -> Any:
    """The module of an optional package. EnvironmentFault that names the extra where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        hint = f"pip install 'hpo-harness[{extra}]'"
        raise EnvironmentFault(f"the Python package `{error.name}` is not installed", hint=hint) from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ " (did you mean 'x'?)" for the nearest known name, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{near[0].removeprefix('--')}'?)" if near else ""


def lookup(kind: str, name: str, table: Mapping[str, Plugin]) -> Plugin:
    """The table's entry; UsageError with the nearest names where there is none."""
    if name not in table:
        raise UsageError(f"unknown {kind} '{name}'{did_you_mean(str(name), table)}; choose from: {', '.join(table)}")
    return table[name]
