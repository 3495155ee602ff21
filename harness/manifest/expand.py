"""Lists multiply, groups zip, run ids repeat; in one total order.

The order, on which `--skip_initial_experiments` and plan indices rely: axes are a manifest's methods and benchmarks,
argument groups as listed, then the remaining list-valued settings as written; the first axis varies fastest, run ids
slowest, so that each run id completes a whole comparison before the next begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import UsageError

Axis = list[dict[str, Any]]


def parse_groups(groups: str | Sequence[Any]) -> list[list[str]]:
    """Argument groups from "a b|c d", or from a list of names or lists."""
    parts: list[Any] = groups.split("|") if isinstance(groups, str) else list(groups)
    parsed = [part.split() if isinstance(part, str) else [str(name) for name in part] for part in parts]
    if not parsed or any(not group for group in parsed):
        raise UsageError(f"argument_groups: a group without members in {groups!r}")
    return parsed


def axes(values: Mapping[str, Any], groups: Sequence[Sequence[str]]) -> list[Axis]:
    """The axes of the sweep, fastest first. UsageError lists every fault of lists and groups."""
    problems = [f"{name}: an empty list" for name, value in values.items() if value == []]
    grouped = [name for group in groups for name in group]
    for name in sorted({name for name in grouped if grouped.count(name) > 1}):
        problems.append(f"argument_groups: '{name}' is in more than one group")
    if "run_id" in grouped:
        problems.append("argument_groups: run_id repeats every experiment and cannot be grouped")
    for name in (name for name in grouped if name != "run_id"):
        if not isinstance(values.get(name), list):
            problems.append(f"argument_groups: '{name}' has no list of values")
    problems += _unequal(values, groups)
    if problems:
        raise UsageError(list(dict.fromkeys(problems)))
    joint = [
        [dict(zip(group, row, strict=True)) for row in zip(*(values[n] for n in group), strict=True)]
        for group in groups
    ]
    single = [
        [{name: value} for value in entry]
        for name, entry in values.items()
        if isinstance(entry, list) and name not in grouped
    ]
    return joint + single


def _unequal(values: Mapping[str, Any], groups: Sequence[Sequence[str]]) -> list[str]:
    problems = []
    for group in groups:
        lengths = {name: len(values[name]) for name in group if isinstance(values.get(name), list)}
        if len(set(lengths.values())) > 1:
            described = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            problems.append(f"argument_groups: lists of one group must have equal lengths: {described}")
    return problems


def expand(values: Mapping[str, Any], axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    """Scalar settings of each experiment of one run id, in the total order."""
    fixed = {name: value for name, value in values.items() if not isinstance(value, list)}
    for choice in _product(axes):
        yield {**fixed, **choice}


def _product(axes: Sequence[Axis]) -> Iterator[dict[str, Any]]:
    """Product with the first axis fastest (itertools.product has the last)."""
    if not axes:
        yield {}
        return
    for slower in _product(axes[1:]):
        for entry in axes[0]:
            yield {**entry, **slower}


def run_ids(run_id: Any, num_runs: Any) -> list[int]:
    """The run ids of a sweep: `run_id` (one or a list) wins over `num_runs`; neither means run id 0.

    UsageError for values that are not distinct nonnegative integers, or a `num_runs` below 1.
    """
    if run_id is not None:
        ids = [_whole("run_id", value, 0) for value in (run_id if isinstance(run_id, list) else [run_id])]
        if not ids:
            raise UsageError("run_id: an empty list")
        if len(set(ids)) != len(ids):
            raise UsageError(f"run_id: values must be distinct, got {ids}")
        return ids
    return list(range(_whole("num_runs", num_runs, 1))) if num_runs is not None else [0]


def _whole(name: str, value: Any, least: int) -> int:
    try:
        number = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or number < least:
        raise UsageError(f"{name} = {value!r}: must be a whole number of at least {least}")
    return number
