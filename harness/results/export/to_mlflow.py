"""Experiments -> runs of MLflow: one for each experiment, with a nested one for each trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.results.export.trials import ExportedTrial, best_report, is_feasible, scalars, trials_of
from harness.results.load import Experiment

# MLflow's limit of entities in one call of `log_batch`.
BATCH = 900


def export(experiment: Experiment, target: str) -> None:
    """Add the experiment to MLflow's experiment of its `experiment_name`. ValueError where the target takes none.

    Args:
        target: tracking URI, e.g. sqlite:///FILE or http://host:5000.
    """
    import mlflow

    trials = trials_of(experiment)
    try:
        _write(mlflow.MlflowClient(tracking_uri=target), experiment, trials)
    except (mlflow.MlflowException, *_database_faults()) as error:
        raise ValueError(str(error).strip().splitlines()[0]) from None


def _database_faults() -> tuple[type[Exception], ...]:
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:  # mlflow-skinny knows servers alone
        return ()
    return (SQLAlchemyError,)


def _write(client: Any, experiment: Experiment, trials: Sequence[ExportedTrial]) -> None:
    parent = _create(
        client, _experiment_id(client, str(experiment.metadata.get("experiment_name", "harness"))), experiment
    )
    bests = []
    for trial in trials:
        _write_trial(client, parent.info, trial)
        report = best_report(trial, experiment)
        if report is not None and is_feasible(report, experiment):
            bests.append(report[experiment.metric])
    if bests:
        best = max(bests) if experiment.mode == "max" else min(bests)
        client.log_metric(parent.info.run_id, f"best_{experiment.metric}", best)
    client.set_terminated(parent.info.run_id, "FAILED" if experiment.state == "failed" else "FINISHED")


def _write_trial(client: Any, parent: Any, trial: ExportedTrial) -> None:
    from mlflow.entities import Metric, Param

    tags = {"mlflow.parentRunId": parent.run_id, "mlflow.runName": f"trial {trial.trial_id}"}
    run_id = client.create_run(parent.experiment_id, tags=tags).info.run_id
    metrics = [
        Metric(name, value, parent.start_time + int(1000 * seconds), step)
        for step, seconds, values in trial.reports
        for name, value in values.items()
    ]
    client.log_batch(run_id, params=[Param(name, str(value)) for name, value in trial.config.items()])
    for first in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[first : first + BATCH])
    client.set_terminated(run_id, "FAILED" if trial.failed else "FINISHED")


def _create(client: Any, experiment_id: str, experiment: Experiment) -> Any:
    tags = {"mlflow.runName": experiment.name, **scalars(experiment.metadata)}
    return client.create_run(experiment_id, tags=tags)


def _experiment_id(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))
