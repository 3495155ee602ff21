"""Experiments as tidy tables: a row for each report, or a row for each experiment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.results.best import best_row
from harness.results.labels import Labelled
from harness.results.load import Broken
from harness.results.rows import TIME, TRIAL, UnreadableResults, read_rows, texts

# Columns that tell experiments apart stand first; a result's own column of that name wins.
KEYS = ("tuner_name", "benchmark", "method", "run_id", "random_seed")


def report_frame(experiments: Sequence[Labelled], broken: list[Broken]) -> Any:
    """pyarrow Table with a row for each report: keys, then the columns of `results.csv.zip`.

    Experiments whose results cannot be read are added to `broken`; one without reports has no row.
    """
    import pyarrow

    tables = []
    for one, rows in _readable(experiments, broken):
        keys = {name: value for name, value in _keys(one).items() if name not in rows.column_names}
        constant = {name: pyarrow.repeat(pyarrow.scalar(value), rows.num_rows) for name, value in keys.items()}
        tables.append(pyarrow.table({**constant, **{name: rows.column(name) for name in rows.column_names}}))
    return _concatenated(tables)


def experiment_frame(experiments: Sequence[Labelled], broken: list[Broken]) -> Any:
    """pyarrow Table with a row for each experiment: keys, state, trials, best value and configuration, metadata.

    Columns `best_config_*` hold the best configuration; metadata columns are left out where the keys have them.
    """
    records = []
    for one, rows in _readable(experiments, broken):
        experiment = one.experiment
        trials = len(set(rows.column(TRIAL).to_pylist()))
        times = [value for value in rows.column(TIME).to_pylist() if value is not None]
        best = best_row(rows, experiment) or {}
        facts: dict[str, Any] = {
            **_keys(one),
            "state": experiment.state,
            "trials": trials,
            "reports": rows.num_rows,
            "failures": texts(rows, "st_status").count("Failed"),
            "elapsed": max(times, default=None),
            "metric": experiment.metric,
            "mode": experiment.mode,
            "best": best.get(experiment.metric),
            "best_trial_id": best.get(TRIAL),
            "best_time": best.get(TIME),
            **{f"best_{name}": value for name, value in best.items() if name.startswith("config_")},
        }
        extra = {name: _flat(value) for name, value in experiment.metadata.items() if name not in facts}
        records.append({**facts, **extra})
    columns = list(dict.fromkeys(name for record in records for name in record))
    return _table({name: [record.get(name) for record in records] for name in columns})


def _keys(one: Labelled) -> Mapping[str, Any]:
    facts = one.experiment.metadata
    seed = one.experiment.pair
    values = (one.experiment.name, one.benchmark, one.method, facts.get("run_id", seed), seed)
    return dict(zip(KEYS, values, strict=True))


def _readable(experiments: Iterable[Labelled], broken: list[Broken]) -> Iterator[tuple[Labelled, Any]]:
    for one in experiments:
        try:
            yield one, read_rows(one.experiment.folder)
        except UnreadableResults as error:
            broken.append(Broken(one.experiment.name, str(error)))


def _flat(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _table(columns: Mapping[str, list[Any]]) -> Any:
    """pyarrow Table; a column of mixed kinds becomes text."""
    import pyarrow

    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = pyarrow.array(values)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
            arrays[name] = pyarrow.array([None if value is None else str(value) for value in values])
    return pyarrow.table(arrays)


def _concatenated(tables: Sequence[Any]) -> Any:
    """All rows; a column that is text in one table is text in all."""
    import pyarrow

    if not tables:
        return pyarrow.table({})
    kinds: dict[str, set[Any]] = {}
    for schema in {table.schema for table in tables}:
        for field in schema:
            kinds.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, types in kinds.items() if len(types) > 1 and _clash(types)}
    if mixed:
        tables = [_as_text(table, mixed) for table in tables]
    return pyarrow.concat_tables(tables, promote_options="permissive")


def _clash(types: set[Any]) -> bool:
    import pyarrow

    real = {kind for kind in types if not pyarrow.types.is_null(kind)}
    plain = all(pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind) for kind in real)
    return len(real) > 1 and not plain


def _as_text(table: Any, names: set[str]) -> Any:
    import pyarrow

    for index, name in enumerate(table.column_names):
        if name in names:
            table = table.set_column(index, name, table.column(name).cast(pyarrow.string()))
    return table
