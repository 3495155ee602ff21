"""Experiments -> runs of MLflow: one for each experiment, with a nested one for each trial."""

from __future__ import annotations

from typing import Any

from harness.results.export.trials import best_value, scalars, trials_of
from harness.results.load import Experiment

# MLflow's limit of entities in one call of `log_batch`.
BATCH = 900


def export(experiment: Experiment, target: str) -> None:
    """Add the experiment to MLflow's experiment of its `experiment_name`.

    Args:
        target: tracking URI, e.g. sqlite:///FILE or http://host:5000.
    """
    import mlflow
    from mlflow.entities import Metric, Param

    client = mlflow.MlflowClient(tracking_uri=target)
    parent = _create(
        client, _experiment_id(client, str(experiment.metadata.get("experiment_name", "harness"))), experiment
    )
    best = None
    for trial in trials_of(experiment):
        tags = {"mlflow.parentRunId": parent.info.run_id, "mlflow.runName": f"trial {trial.trial_id}"}
        run = client.create_run(parent.info.experiment_id, tags=tags)
        start = parent.info.start_time
        metrics = [
            Metric(name, value, start + int(1000 * seconds), step)
            for step, seconds, values in trial.reports
            for name, value in values.items()
        ]
        params = [Param(name, str(value)) for name, value in trial.config.items()]
        client.log_batch(run.info.run_id, params=params)
        for first in range(0, len(metrics), BATCH):
            client.log_batch(run.info.run_id, metrics=metrics[first : first + BATCH])
        client.set_terminated(run.info.run_id, "FAILED" if trial.failed else "FINISHED")
        value = best_value(trial, experiment)
        if value is not None and (best is None or (value > best) == (experiment.mode == "max")):
            best = value
    if best is not None:
        client.log_metric(parent.info.run_id, f"best_{experiment.metric}", best)
    client.set_terminated(parent.info.run_id, "FAILED" if experiment.state == "failed" else "FINISHED")


def _create(client: Any, experiment_id: str, experiment: Experiment) -> Any:
    tags = {"mlflow.runName": experiment.name, **scalars(experiment.metadata)}
    return client.create_run(experiment_id, tags=tags)


def _experiment_id(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))
