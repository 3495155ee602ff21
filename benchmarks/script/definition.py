"""Your own training script: nothing to register, named on the command line or in a manifest.

--benchmark_name script --entry_point train.py --config_space space.yaml --metric val_acc --mode max
--resource_attr epoch --max_resource_level 27 --max_resource_attr epochs
--metric_regex 'val_acc=(\\S+)' --resource_regex 'Epoch (\\d+)'
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ValidationInfo, field_validator

from benchmarks.script.folder import code_files, differences, folder_digest, noted_files, takes_checkpoints
from benchmarks.script.space import space_text
from harness.benchmark import Benchmark, BenchmarkOptions, Calling, DataNeed
from harness.core.problem import Problem
from harness.core.space import Space, space_from_spec
from harness.errors import UsageError
from harness.options import arg
from harness.relay.logs import READERS

DEFAULTS: Mapping[str, Any] = {}


class ScriptOptions(BenchmarkOptions):
    """A job's id rests on what the script's folder and the space hold, not on where they lie."""

    entry_point: str | None = arg(
        None,
        "training script; it sees the files of its folder, and works in the folder of its trial",
        identity=False,
        validate_default=True,
    )
    config_space: str | None = arg(
        None,
        "what is searched: FILE.yaml with 'name: {type: loguniform, lower: 1e-4, upper: 1}' or 'name: constant' "
        "lines, or FILE.py[:NAME] that defines such a mapping",
        identity=False,
        validate_default=True,
    )
    script_digest: str | None = arg(
        None, "digest of the script's folder, worked out where not given", listable=False, validate_default=True
    )
    script_files: str | None = arg(
        None,
        "digests of the files of the script's folder as JSON, worked out where not given",
        listable=False,
        identity=False,
        validate_default=True,
    )
    space: str | None = arg(
        None, "the space as JSON, worked out from config_space", listable=False, validate_default=True
    )
    metric: str | None = arg(None, "name of the value to optimise", validate_default=True)
    mode: Literal["min", "max"] = arg("min", "whether the metric is to be small or large")
    resource_attr: str | None = arg(None, "reported level of training, e.g. epoch; without it trials report once")
    max_resource_attr: str | None = arg(None, "argument of the script that says how far to train, e.g. epochs")
    elapsed_time_attr: str | None = arg(None, "reported seconds since the start of the trial")
    cost_attr: str | None = arg(None, "reported cost of the trial since its start; without it the elapsed time")
    constraint_attr: str | None = arg(None, "reported value that is at most 0 where a configuration is feasible")
    metric_regex: str | None = arg(
        None,
        "for a script that prints its metric: pattern whose first group is the value, or whose named groups are "
        r"metrics; e.g. 'val_acc=(\S+)'",
    )
    resource_regex: str | None = arg(
        None,
        r"pattern whose first group is the level, e.g. 'Epoch (\d+)'; a metric belongs to the last level printed. "
        "Without it metrics are counted",
    )
    metrics_from: str | None = arg(
        None,
        "for a script that logs its metric: csv:FILE (Lightning, Keras), json:FILE (Keras' History, lines) or "
        "tensorboard:FOLDER; relative to the trial's folder, wildcards allowed",
        form=f"one of {', '.join(READERS)}, a colon and a path",
        pattern=rf"^({'|'.join(READERS)}):.+",
    )
    first_resource: int = arg(1, "what a script calls its first level, where the metric is printed or logged", ge=0)
    config_style: Literal["options", "json", "yaml"] = arg(
        "options", "how the script takes its values: as options, or as a file that --config_option names"
    )
    config_option: str = arg("config", "option of the script that takes its configuration file")
    checkpoint_option: str | None = arg(
        None,
        "option of the script that takes the folder for checkpoints; without it st_checkpoint_dir, if the files of "
        "the script speak of that",
    )
    dataset_path: str | None = arg(
        None, "folder with data, passed on as --dataset_path; containers see it read-only", identity=False
    )

    @field_validator("entry_point", "config_space", "dataset_path")
    @classmethod
    def _absolute(cls, path: str | None, info: ValidationInfo) -> str | None:
        if path is None and info.field_name != "dataset_path":
            examples = {"entry_point": "train.py", "config_space": "space.yaml"}
            raise ValueError(f"which one? e.g. --{info.field_name} {examples[str(info.field_name)]}")
        return None if path is None else str(Path(path).expanduser().absolute())

    @field_validator("metric")
    @classmethod
    def _named(cls, metric: str | None) -> str:
        if not metric:
            raise ValueError("which one? e.g. --metric accuracy --mode max")
        return metric

    @field_validator("metric_regex", "resource_regex")
    @classmethod
    def _has_group(cls, pattern: str | None) -> str | None:
        try:
            if pattern is not None and re.compile(pattern).groups == 0:
                raise ValueError(r"a group must hold the value, e.g. 'val_acc=(\S+)'")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern

    @field_validator("script_digest")
    @classmethod
    def _digest(cls, given: str | None, info: ValidationInfo) -> str | None:
        script = info.data.get("entry_point")
        return given if given is not None or not script else _tried(lambda: folder_digest(Path(script)))

    @field_validator("script_files")
    @classmethod
    def _note(cls, given: str | None, info: ValidationInfo) -> str | None:
        script = info.data.get("entry_point")
        return (
            given if given is not None or not script else _tried(lambda: json.dumps(noted_files(Path(script).parent)))
        )

    @field_validator("space")
    @classmethod
    def _read(cls, given: str | None, info: ValidationInfo) -> str | None:
        file = info.data.get("config_space")
        return given if given is not None or not file else _tried(lambda: space_text(file))

    def relocated(self, data: Mapping[str, Path]) -> Self:
        moved: dict[str, str] = {}
        if "entry_point" in data:
            moved["entry_point"] = str(data["entry_point"] / Path(str(self.entry_point)).name)
        if "dataset_path" in data:
            moved["dataset_path"] = str(data["dataset_path"])
        return self.model_copy(update=moved)


def _tried(read: Callable[[], str]) -> str | None:
    """None for what cannot be read, of which `define` says more."""
    try:
        return read()
    except (OSError, UsageError):
        return None


def define(options: ScriptOptions, max_resource_level: int | None) -> Benchmark:
    """The benchmark with trials of at most `max_resource_level`, by default the space's constant `max_resource_attr`.

    UsageError where files cannot be read, options do not fit each other, or the script has changed since the plan.
    """
    script = _script(options)
    space = space_from_spec(json.loads(options.space or space_text(str(options.config_space))))
    _check_options(options, space, max_resource_level)
    level = max_resource_level
    if options.max_resource_attr is not None:
        constant = space.constants.get(options.max_resource_attr)
        level = constant if level is None and isinstance(constant, int) else level
        if level is not None:
            space = Space({**space, options.max_resource_attr: level})
    problem = Problem(
        space=space,
        metric=str(options.metric),
        mode=options.mode,
        resource_attr=options.resource_attr,
        max_resource=level if options.resource_attr else None,
        max_resource_attr=options.max_resource_attr,
        elapsed_time_attr=options.elapsed_time_attr,
        cost_attr=options.cost_attr,
        constraint_attr=options.constraint_attr,
    )
    data = {"entry_point": DataNeed(None, str(script.parent), passed=False, files=code_files)}
    if options.dataset_path is not None:
        data["dataset_path"] = DataNeed(None, options.dataset_path)
    return Benchmark(script=script, problem=problem, data=data, calling=_calling(options, script))


def _script(options: ScriptOptions) -> Path:
    script = Path(str(options.entry_point))
    if not script.is_file():
        raise UsageError(f"entry_point = {script}: there is no such file")
    if options.dataset_path is not None and not Path(options.dataset_path).is_dir():
        raise UsageError(f"dataset_path = {options.dataset_path}: there is no such folder")
    try:
        present = folder_digest(script)
    except OSError as error:
        raise UsageError(f"entry_point = {script}: cannot read {error.filename}: {error.strerror}") from None
    if options.script_digest != present:
        found = differences(json.loads(options.script_files), script.parent) if options.script_files else []
        named = f" ({'; '.join(found)})" if found else ""
        raise UsageError(
            f"{script}: its folder's files are not those that this experiment was planned with{named}",
            hint="plan it anew; what a script writes belongs into its working directory, which is the trial's folder",
        )
    return script


def _check_options(options: ScriptOptions, space: Space, level: int | None) -> None:
    problems = []
    if options.metric_regex and options.metrics_from:
        problems.append("metric_regex and metrics_from: a metric comes from one place; give one of the two")
    if options.resource_regex and not options.metric_regex:
        problems.append(f"resource_regex = {options.resource_regex!r}: it goes with metric_regex, which is not given")
    if options.resource_regex and not options.resource_attr:
        problems.append("resource_regex: name what it finds with resource_attr, e.g. --resource_attr epoch")
    if level is not None and not (options.resource_attr or options.max_resource_attr):
        problems.append(f"max_resource_level = {level}: say what it counts with resource_attr, e.g. epoch")
    if options.max_resource_attr in space.hyperparameters:
        problems.append(f"max_resource_attr = {options.max_resource_attr!r}: the space searches it")
    if problems:
        raise UsageError(problems)


def _calling(options: ScriptOptions, script: Path) -> Calling:
    checkpoints = options.checkpoint_option or ("st_checkpoint_dir" if takes_checkpoints(script) else None)
    metrics = None
    if options.metric_regex or options.metrics_from:
        metrics = {
            "metric": options.metric,
            "resource": options.resource_attr,
            "metric_regex": options.metric_regex,
            "resource_regex": options.resource_regex,
            "log": options.metrics_from,
            "first": options.first_resource,
        }
    as_file = options.config_style != "options"
    return Calling(
        checkpoint_arg=checkpoints,
        config_option=options.config_option if as_file else None,
        config_suffix=f".{options.config_style}" if as_file else ".json",
        metrics=metrics,
    )
