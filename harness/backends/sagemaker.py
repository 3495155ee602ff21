"""Every trial leg a SageMaker training job of its own.

One list call and one read of the logs tell how all of them stand. A worker is an instance: a job that is told to end
holds its own until it has, so no new one is started for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from harness import reporter
from harness.aws.jobs import QuotaFull, Summary, TrainingJobs
from harness.aws.logs import Line, LogReader
from harness.aws.names import trial_stem
from harness.aws.placement import Placement
from harness.aws.s3 import Bucket
from harness.aws.trial_entry import END
from harness.backends.failures import classify
from harness.backends.trial_job import Leg, TrialJobs
from harness.benchmark import Benchmark
from harness.core.clock import RealClock
from harness.core.events import Event, Exited, Reported
from harness.core.failures import Failure
from harness.core.trial import Trial
from harness.errors import EnvironmentFault, UsageError
from harness.jobdir import JobDir
from harness.options import Options, arg
from harness.plan.job import read_job

logger = logging.getLogger("harness.tuner")


class SageMakerOptions(Options):
    """How trials run as training jobs."""

    tuner_sleep_time: float = arg(
        5.0, "seconds between two looks at all training jobs", listable=False, identity=False, gt=0
    )
    log_patience: float = arg(
        60.0, "seconds that the last lines of an ended job are waited for", listable=False, identity=False, ge=0
    )
    keep_checkpoints: bool = arg(
        False, "keep the checkpoints of ended trials in S3 instead of removing them", listable=False, identity=False
    )


class SageMakerBackend:
    """Args:
    trials: describes and starts their training jobs.
    num_workers: jobs that may hold an instance at once.
    """

    def __init__(
        self, *, trials: TrialJobs, jobs: TrainingJobs, logs: LogReader, num_workers: int, options: SageMakerOptions
    ) -> None:
        self.clock = RealClock()
        self._trials, self._jobs, self._logs = trials, jobs, logs
        self._num_workers, self._options = num_workers, options
        self._queue: list[Leg] = []
        self._live: dict[str, Leg] = {}
        # Jobs that were told to end: name -> (trial, whether its checkpoint is kept).
        self._ending: dict[str, tuple[int, bool]] = {}
        self._events: list[Event] = []
        self._due = 0.0

    @staticmethod
    def for_job(
        benchmark: Benchmark, job: JobDir, options: SageMakerOptions, data: Mapping[str, Path], seed: int
    ) -> SageMakerBackend:
        """The back-end of a job. EnvironmentFault where the launcher has not prepared its place on AWS."""
        if benchmark.script is None:
            raise UsageError("the back-end sagemaker needs a benchmark with a training script")
        record = read_job(job)
        if not record.placement:
            raise EnvironmentFault("the job's place on AWS is not prepared", hint="launch it by `harness` or `make`")
        placement = Placement(**record.placement)
        jobs = TrainingJobs()
        trials = TrialJobs(benchmark, record, placement, data, jobs, Bucket(placement.bucket), job)
        backend = SageMakerBackend(
            trials=trials,
            jobs=jobs,
            logs=LogReader(f"{trial_stem(record.tuner_name)}-"),
            num_workers=int(record.settings["num_workers"]),
            options=options,
        )
        backend.end_those_of_before()
        return backend

    def end_those_of_before(self) -> None:
        """Jobs of an earlier process, which nobody listens to any more: their legs are run again."""
        for one in self._jobs.list(f"{self._trials.stem}-"):
            trial_id = self._trials.trial_of(one.name)
            if one.running and trial_id is not None:
                self._jobs.stop(one.name)
                self._ending[one.name] = (trial_id, True)

    def start(self, trial: Trial, until: int | None) -> None:
        """Put the leg in line; it starts once an instance is free, AWS's quota included."""
        self._queue.append(self._trials.leg(trial, until))
        self._start_queued()

    def halt(self, trial: Trial, *, keep_checkpoint: bool) -> None:
        self._events = [event for event in self._events if event.trial_id != trial.trial_id]
        self._queue = [leg for leg in self._queue if leg.trial_id != trial.trial_id]
        for name, leg in list(self._live.items()):
            if leg.trial_id == trial.trial_id:
                self._jobs.stop(name)
                self._ending[name] = (leg.trial_id, keep_checkpoint)
                del self._live[name]
                return
        if not keep_checkpoint and not self._options.keep_checkpoints and not self._is_ending(trial.trial_id):
            self._trials.remove_checkpoints(trial.trial_id)

    def wait(self, timeout: float | None) -> Sequence[Event]:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._events and (self._live or self._queue or deadline is not None):
            now = time.monotonic()
            if now >= self._due:
                self._look()
                self._due = time.monotonic() + self._options.tuner_sleep_time
                continue
            until = self._due if deadline is None else min(self._due, deadline)
            time.sleep(max(0.0, until - now))
            if deadline is not None and time.monotonic() >= deadline:
                break
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Tell all to end; they do so by themselves."""
        for name in self._live:
            self._jobs.stop(name)
        self._live.clear()
        self._queue.clear()

    def _look(self) -> None:
        """One list and one read of the logs for all."""
        names = {*self._live, *self._ending}
        found: dict[str, Summary] = {}
        if names:
            # The newest come first: usually the first page has all that are asked for.
            for one in islice(self._jobs.list(self._trials.stem), 10_000):
                if one.name in names:
                    found[one.name] = one
                if len(found) == len(names):
                    break
        for line in self._logs.read() if self._live else ():
            if line.job in self._live:
                self._take(self._live[line.job], line)
        for name, summary in found.items():
            if not summary.running:
                self._on_end(name)
        self._start_queued()

    def _take(self, leg: Leg, line: Line) -> None:
        if line.text.startswith(END):
            leg.exit_code = int(line.text.removeprefix(END))
            return
        leg.write(line.text)
        record = reporter.parse(line.text)
        if record is not None and not self._trials.repeats(leg, record):
            self._events.append(Reported(leg.trial_id, leg.number, record, self.clock.now()))

    def _on_end(self, name: str) -> None:
        if name in self._ending:
            trial_id, keep_checkpoint = self._ending.pop(name)
            if not keep_checkpoint and not self._options.keep_checkpoints:
                self._trials.remove_checkpoints(trial_id)
            return
        leg = self._live[name]
        if leg.exit_code is None and leg.waited_for_lines(time.monotonic()) < self._options.log_patience:
            details = self._jobs.describe(name)
            if details.status == "Completed" or "AlgorithmError" in details.reason:
                return  # its last lines are on their way
        del self._live[name]
        self._exited(leg, name)

    def _exited(self, leg: Leg, name: str) -> None:
        details = self._jobs.describe(name)
        if details.lacks_capacity:
            logger.info("trial %d: %s; started again", leg.trial_id, details.reason)
            self._trials.next_instance()
            self._queue.insert(0, leg.again())
            return
        code = leg.exit_code if leg.exit_code is not None else int(details.status != "Completed")
        tail = leg.tail() if details.status == "Completed" or not details.reason else f"{leg.tail()}\n{details.reason}"
        # Nobody but the kernel kills a process of ours on an instance of its own.
        failure = classify(code, leg.tail(), oom_killed=True)
        if details.service_fault or (details.status == "Stopped" and leg.exit_code is None):
            failure = Failure.INFRASTRUCTURE
        self._events.append(Exited(leg.trial_id, leg.number, self.clock.now(), code, tail, failure))

    def _is_ending(self, trial_id: int) -> bool:
        return any(one == trial_id for one, _ in self._ending.values())

    def _start_queued(self) -> None:
        """As many as have an instance; a trial whose earlier leg is still ending waits for its checkpoint."""
        for leg in list(self._queue):
            if len(self._live) + len(self._ending) >= self._num_workers:
                return
            if self._is_ending(leg.trial_id):
                continue
            try:
                name = self._trials.start(leg)
            except QuotaFull as error:
                logger.info("trial %d waits: %s", leg.trial_id, error)
                return
            self._queue.remove(leg)
            self._live[name] = leg
