"""Experiments -> studies of an Optuna storage, e.g. for its dashboard."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    except SQLAlchemyError as error:
        raise ValueError(str(error).splitlines()[0]) from None
    for name, value in scalars(experiment.metadata).items():
        study.set_user_attr(name, value)
    study.set_metric_names([experiment.metric])
    study.add_trials(trials)


def _storage(target: str) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return target if "://" in target else JournalStorage(JournalFileBackend(target))


def _frozen(trial: ExportedTrial, experiment: Experiment, spec: Mapping[str, Any]) -> Any:
    import optuna

    report = best_report(trial, experiment) or {}
    failed = trial.failed or not report
    constraint = report.get(experiment.constraint_attr or "")
    domains = {name: _distribution(spec.get(name), trial.config[name]) for name in trial.config}
    known = {name: domain for name, domain in domains.items() if domain is not None}
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE,
        value=None if failed else report[experiment.metric],
        params={name: trial.config[name] for name in known},
        distributions=known,
        user_attrs={"trial_id": trial.trial_id, **{n: v for n, v in trial.config.items() if n not in known}},
        system_attrs={} if constraint is None else {"constraints": [constraint]},
        intermediate_values={step: metrics[experiment.metric] for step, _, metrics in trial.reports},
    )


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
