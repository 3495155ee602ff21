"""Experiments -> studies of an Optuna storage, e.g. for its dashboard."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.results.export.trials import ExportedTrial, best_report, scalars, trials_of
from harness.results.load import Experiment


def export(experiment: Experiment, target: str) -> None:
    """Add the experiment as a study of its name. ValueError where the storage has one of that name, or is none.

    A trial's value is that of its best report, with its constraint; the reports are intermediate values, by resource
    level.

    Args:
        target: URL of a storage (sqlite:///FILE), or a journal file.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    spec = json.loads(experiment.metadata.get("config_space", "{}"))
    trials = [_frozen(trial, experiment, spec) for trial in trials_of(experiment)]
    direction: Any = "maximize" if experiment.mode == "max" else "minimize"
    try:
        study = optuna.create_study(storage=_storage(target), study_name=experiment.name, direction=direction)
    except optuna.exceptions.DuplicatedStudyError:
        raise ValueError("it has a study of that name already") from None
    except (SQLAlchemyError, optuna.exceptions.OptunaError, ImportError, RuntimeError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    for name, value in scalars(experiment.metadata).items():
        study.set_user_attr(name, value)
    study.set_metric_names([experiment.metric])
    study.add_trials(trials)


def _storage(target: str) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if target in ("sqlite://", "sqlite:///") or ":memory:" in target:
        raise ValueError("a database in memory is gone when this command ends")
    if "://" in target:
        return target
    _check_journal(Path(target))
    return JournalStorage(JournalFileBackend(target))


def _check_journal(path: Path) -> None:
    """ValueError for a file that is no journal: it would be written into before that shows."""
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        line = file.readline()
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or "op_code" not in record:
        raise ValueError("it is there, and no journal of Optuna")


def _frozen(trial: ExportedTrial, experiment: Experiment, spec: Mapping[str, Any]) -> Any:
    import optuna

    report = best_report(trial, experiment) or {}
    failed = trial.failed or not report
    domains = {name: _distribution(spec.get(name), trial.config[name]) for name in trial.config}
    known = {name: domain for name, domain in domains.items() if domain is not None}
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE,
        value=None if failed else report[experiment.metric],
        params={name: trial.config[name] for name in known},
        distributions=known,
        user_attrs={"trial_id": trial.trial_id, **{n: v for n, v in trial.config.items() if n not in known}},
        system_attrs=_constraints(report, experiment),
        intermediate_values={step: metrics[experiment.metric] for step, _, metrics in trial.reports},
    )


def _constraints(report: Mapping[str, float], experiment: Experiment) -> dict[str, Any]:
    if experiment.constraint_attr is None or not report:
        return {}
    value = report.get(experiment.constraint_attr, math.nan)
    # What is not known is not feasible. Not infinite, which storages in JSON do not all take.
    return {"constraints": [sys.float_info.max if math.isnan(value) else value]}


def _distribution(domain: Any, value: Any) -> Any:
    """Optuna's distribution of one of our domains; None for a constant, or a value outside of it."""
    from optuna import distributions

    if not isinstance(domain, dict) or value is None:
        return None
    kind = domain.get("type")
    lower: Any = domain.get("lower")
    upper: Any = domain.get("upper")
    if kind in ("uniform", "loguniform") and lower <= value <= upper:
        return distributions.FloatDistribution(lower, upper, log=kind == "loguniform")
    if kind in ("randint", "lograndint") and lower <= value <= upper:
        return distributions.IntDistribution(lower, upper, log=kind == "lograndint")
    values = domain.get("values")
    return distributions.CategoricalDistribution(values) if values and value in values else None
