"""Experiments -> TensorBoard logs: a folder for each trial, a scalar for each metric, the configuration as text."""

from __future__ import annotations

import json
from pathlib import Path

from harness.results.export.trials import ExportedTrial, trials_of
from harness.results.load import CREATED, Experiment


def export(experiment: Experiment, target: str) -> None:
    """Write `{target}/{experiment}/{trial}/`. ValueError where that has been done already, or the target is a URL."""
    if "://" in target:
        raise ValueError("a folder is wanted, not a URL")
    folder = Path(target) / experiment.name
    if folder.exists():
        raise ValueError("it is there already")
    start = float(experiment.metadata[CREATED])
    for trial in trials_of(experiment):
        _write(folder / str(trial.trial_id), trial, start)


def _write(folder: Path, trial: ExportedTrial, start: float) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    writer.add_event(Event(wall_time=start, step=0, summary=Summary(value=[_text(trial)])))
    for step, seconds, metrics in trial.reports:
        values = [Summary.Value(tag=name, simple_value=value) for name, value in metrics.items()]
        writer.add_event(Event(wall_time=start + seconds, step=step, summary=Summary(value=values)))
    writer.close()


def _text(trial: ExportedTrial) -> object:
    """The configuration, in the encoding of TensorBoard's text plug-in."""
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING

    plugin = SummaryMetadata.PluginData(plugin_name="text")
    tensor = TensorProto(dtype=DT_STRING, string_val=[json.dumps(dict(trial.config)).encode()])
    return Summary.Value(tag="configuration", metadata=SummaryMetadata(plugin_data=plugin), tensor=tensor)
