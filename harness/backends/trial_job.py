"""The training job of a trial's leg: what is sent, and what is known of it while it runs."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.aws.bundle import ROOT
from harness.aws.jobs import TrainingJobs
from harness.aws.names import trial_stem
from harness.aws.placement import Placement, common, results_key
from harness.aws.s3 import Bucket
from harness.aws.training_job import TrainingJob, request
from harness.aws.trial_entry import CHANNEL, FILE, ML, PYTHON
from harness.backends.capture import TAIL_LINES, CappedLog
from harness.backends.invocation import leg_config, script_command
from harness.benchmark import Benchmark
from harness.core.problem import MissingMetric
from harness.core.trial import Trial
from harness.errors import UsageError
from harness.jobdir import JobDir, TrialDir, write_json
from harness.plan.experiment import experiment_options
from harness.plan.job import Job


@dataclass
class Leg:
    """Attributes:
    number: the trial's leg counter when it was started.
    content: command and files, as `harness.aws.trial_entry` reads them.
    shown: hyper-parameters, for the console.
    attempt: times that it was submitted before, without a word of it running.
    exit_code: of the script, once its last line has come.
    reached: highest resource level that it reported.
    """

    trial_id: int
    number: int
    content: Mapping[str, Any]
    shown: Mapping[str, Any]
    folder: TrialDir
    attempt: int = 0
    exit_code: int | None = None
    reached: int = 0
    _ended_at: float | None = None
    _last: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))

    def write(self, line: str) -> None:
        """Keep a line of output in the trial's log."""
        log = CappedLog(self.folder.stdout)
        log.write(f"{line}\n".encode())
        log.close()
        self._last.append(line)

    def tail(self) -> str:
        return "\n".join(self._last)

    def waited_for_lines(self, now: float) -> float:
        """Seconds since its job was first seen to have ended."""
        self._ended_at = now if self._ended_at is None else self._ended_at
        return now - self._ended_at

    def again(self) -> Leg:
        return Leg(self.trial_id, self.number, self.content, self.shown, self.folder, self.attempt + 1)


class TrialJobs:
    """Describes and starts the training jobs of one experiment's trials.

    Args:
        data: argument of the training script -> folder of its data set, as this process sees it.
        folder: of the experiment, on this machine.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        job: Job,
        placement: Placement,
        data: Mapping[str, Path],
        jobs: TrainingJobs,
        bucket: Bucket,
        folder: JobDir,
    ) -> None:
        options = experiment_options(job.settings)
        self._benchmark, self._placement, self._jobs, self._bucket = benchmark, placement, jobs, bucket
        self._data, self._folder, self._options = data, folder, options
        self._types = [options.trial_instance, *options.fallback_instances]
        self._type = 0
        self._base = results_key(options, job.tuner_name)
        self._names: dict[int, int] = {}
        # Names of training jobs of an earlier process, before it was cut short.
        self.taken: set[str] = set()
        self.stem = trial_stem(job.tuner_name)
        self._tuner_name = job.tuner_name

    def leg(self, trial: Trial, until: int | None) -> Leg:
        """Describe the leg; its configuration is kept in the trial's folder on this machine."""
        folder = self._folder.trial(trial.trial_id)
        folder.path.mkdir(parents=True, exist_ok=True)
        config = leg_config(self._benchmark.problem, trial, until)
        write_json(folder.config, config)
        shown = {**config, "st_checkpoint_dir": f"{ML}/checkpoints"}
        shown |= {"st_instance_type": self._types[self._type], "st_instance_count": 1}
        return Leg(trial.trial_id, trial.leg, self._content(trial, config), shown, folder)

    def _content(self, trial: Trial, config: Mapping[str, Any]) -> dict[str, Any]:
        """The command as the container is to run it, and the files that it reads."""
        passed = {name: f"{ML}/input/data/{name}" for name, need in self._benchmark.data.items() if need.passed}
        values = {**config, **{name: place for name, place in passed.items() if name in self._placement.channels}}
        with tempfile.TemporaryDirectory() as place:
            command = script_command(self._benchmark.calling, self._script(), values, trial, TrialDir(Path(place)))
            made = {f"{ML}/{path.name}": path.read_text().replace(place, ML) for path in Path(place).iterdir()}
        words = [word.replace(place, ML) for word in command]
        return {"command": [PYTHON if word == sys.executable else word for word in words], "files": made}

    def _script(self) -> Path:
        """The training script as the container sees it. UsageError where it would not be there."""
        script = Path(str(self._benchmark.script)).absolute()
        for name, folder in self._data.items():
            if script.is_relative_to(folder):
                return Path(ML, "input", "data", name, script.relative_to(folder))
        if script.is_relative_to(ROOT):
            return Path(ML, "code", script.relative_to(ROOT))
        raise UsageError(f"{script} lies neither in this project nor in a folder that goes along")

    def start(self, leg: Leg) -> str:
        """Create the leg's training job; its name. QuotaFull where AWS allows no further instance at this time."""
        number = max(leg.number + leg.attempt, self._names.get(leg.trial_id, -1) + 1)
        while self._name(leg, number) in self.taken:
            number += 1
        name, key = self._name(leg, number), f"{self._base}{leg.trial_id}/legs/{number}/"
        self._bucket.put(key + FILE, json.dumps(leg.content).encode())
        # One that is there already is this very one: SageMaker's answer was lost, and boto3 has asked again.
        self._jobs.create(request(self._training_job(leg, name, self._bucket.uri(key))))
        self._names[leg.trial_id] = number
        return name

    def _name(self, leg: Leg, number: int) -> str:
        return f"{self.stem}-{leg.trial_id}" + (f"-{number}" if number else "")

    def _training_job(self, leg: Leg, name: str, leg_uri: str) -> TrainingJob:
        return TrainingJob(
            name=name,
            image=self._placement.trial_image or self._placement.image,
            command=("python", "-m", "harness.aws.trial_entry"),
            checkpoints=self._bucket.uri(self._checkpoints(leg.trial_id)),
            instance_type=self._types[self._type],
            channels={**self._placement.channels, CHANNEL: leg_uri},
            shown=leg.shown,
            **common(self._options, self._placement, self._tuner_name, {"hpo-harness:trial": str(leg.trial_id)}),
        )

    def trial_of(self, name: str) -> int | None:
        """The trial that the training job of that name runs, None where it runs none of this experiment."""
        rest = name.removeprefix(f"{self.stem}-")
        trial_id = rest.split("-")[0]
        return int(trial_id) if rest != name and trial_id.isdecimal() else None

    def repeats(self, leg: Leg, record: Mapping[str, Any]) -> bool:
        """Whether a spot job that started again, from its last checkpoint, reports what it has reported before."""
        try:
            level = self._benchmark.problem.resource(record)
        except MissingMetric:
            return False
        if level is None or not self._options.use_spot:
            return False
        known, leg.reached = leg.reached, max(leg.reached, level)
        return level <= known

    def next_instance(self) -> None:
        """Go on to the next type of instance, where others are named."""
        self._type = (self._type + 1) % len(self._types)

    def remove_checkpoints(self, trial_id: int) -> None:
        self._bucket.remove(self._checkpoints(trial_id))

    def _checkpoints(self, trial_id: int) -> str:
        return f"{self._base}{trial_id}/checkpoints/"
