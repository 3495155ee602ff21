"""Experiments -> studies of an Optuna storage, e.g. for its dashboard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.results.export.trials import ExportedTrial, best_value, scalars, trials_of
from harness.results.load import Experiment


def export(experiment: Experiment, target: str) -> None:
    """Add the experiment as a study of its name. ValueError where the storage has one of that name.

    A trial's value is its best one; its reports are intermediate values, by resource level.

    Args:
        target: URL of a storage (sqlite:///FILE), or a journal file.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    direction: Any = "maximize" if experiment.mode == "max" else "minimize"
    try:
        study = optuna.create_study(storage=_storage(target), study_name=experiment.name, direction=direction)
    except optuna.exceptions.DuplicatedStudyError:
        raise ValueError(f"{target} has a study '{experiment.name}' already") from None
    for name, value in scalars(experiment.metadata).items():
        study.set_user_attr(name, value)
    study.set_metric_names([experiment.metric])
    spec = json.loads(experiment.metadata.get("config_space", "{}"))
    for trial in trials_of(experiment):
        study.add_trial(_frozen(trial, experiment, spec))


def _storage(target: str) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return target if "://" in target else JournalStorage(JournalFileBackend(target))


def _frozen(trial: ExportedTrial, experiment: Experiment, spec: Mapping[str, Any]) -> Any:
    import optuna

    value = best_value(trial, experiment)
    failed = trial.failed or value is None
    domains = {name: _distribution(spec.get(name), trial.config[name]) for name in trial.config}
    known = {name: domain for name, domain in domains.items() if domain is not None}
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE,
        value=None if failed else value,
        params={name: trial.config[name] for name in known},
        distributions=known,
        user_attrs={"trial_id": trial.trial_id, **{n: v for n, v in trial.config.items() if n not in known}},
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
