"""Trials as local processes, each in a process group of its own.

Nothing here polls, sleeps or runs in threads: `wait` blocks in one selector on the output pipes of all trials and
on a descriptor for each process that becomes readable when it ends.
"""

from __future__ import annotations

import errno
import logging
import os
import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from harness.backends.capture import Stream
from harness.backends.devices import GpuRotation, find_gpus, thread_share, too_many
from harness.backends.failures import classify
from harness.backends.guarding import Guard
from harness.backends.invocation import leg_config, script_command, script_environment
from harness.backends.leg import Leg, launch
from harness.backends.orphans import Orphans, take_in
from harness.backends.process import kill_group, reap
from harness.backends.sharing import inherited
from harness.backends.trial_files import environment_faults, remove_checkpoints, stamp, tolerated
from harness.backends.warm import Imports, Starter
from harness.benchmark import Benchmark, Calling
from harness.cgroup import cpus, oom_kills
from harness.core.clock import RealClock
from harness.core.events import Event, Exited, Reported
from harness.core.problem import Problem
from harness.core.trial import Trial
from harness.errors import EnvironmentFault, UsageError
from harness.jobdir import JobDir, TrialDir, write_json
from harness.options import Options, arg
from harness.plan.job import read_job

logger = logging.getLogger("harness.tuner")

# What a shell answers for a command that it cannot run.
CANNOT_START = 127
# Faults of the machine that no other trial would be spared.
_HINTS = {
    errno.EMFILE: "raise `ulimit -n`",
    errno.ENFILE: "raise the system's limit of open files",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within the disk quota",
}


class LocalOptions(Options):
    """How trials run on this machine."""

    no_warm_workers: bool = arg(
        False,
        "start every trial as a plain process instead of forking it from one that has done its imports",
        listable=False,
        identity=False,
    )
    keep_checkpoints: bool = arg(
        False,
        "keep the checkpoints of trials that completed, or are paused at the end, instead of removing them",
        listable=False,
        identity=False,
    )
    no_gpu_rotation: bool = arg(False, "let every trial see all GPUs", listable=False, identity=False)
    num_gpus_per_trial: float | None = arg(
        None, "GPUs of a trial, a fraction for trials that share one [1, where there are GPUs]", ge=0
    )


def imports_of(script: Path, calling: Calling, environment: Mapping[str, str], num_workers: int) -> Imports:
    """What trials of a script have in common, where the back-end's process has this environment."""
    common = script_environment(environment, {})
    return Imports(script.absolute(), calling.preload, {**common, **thread_share(common, cpus(), num_workers)})


class LocalBackend:
    """Runs `script` once for each leg, with the trial's folder as its working directory.

    Args:
        job: folder of the experiment; trial folders are made in it.
        extra_args: further arguments of the script, name -> value (folders of data sets, ...).
        environment: variables for the trials, over those of this process.
        calling: how the script takes its configuration, as in `Benchmark`.
        num_workers: trials that run at once, between which the CPUs are shared.
        gpus: hands GPUs to trials; None to let each see all.
        warm: fork trials from a process that has done their imports, where the script declares them.
        shared: as for `ForkServer`.
    """

    def __init__(
        self,
        *,
        script: Path,
        problem: Problem,
        job: JobDir,
        extra_args: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        calling: Calling | None = None,
        warm: bool = True,
        num_workers: int = 1,
        gpus: GpuRotation | None = None,
        shared: socket.socket | None = None,
    ) -> None:
        self.clock = RealClock()
        self._script = script.absolute()
        self._problem = problem
        self._job = JobDir(job.path.absolute())
        self._extra_args = dict(extra_args or {})
        self._calling = calling or Calling()
        self._gpus = gpus or GpuRotation([], 0)
        self._selector = selectors.DefaultSelector()
        self._orphans = Orphans(self._job.path)
        self._guard = Guard(self._orphans.common_mark)
        shares = self._calling if warm else Calling()
        imports = imports_of(script, shares, {**os.environ, **(environment or {})}, num_workers)
        self._starter = Starter(imports, shared)
        self._legs: dict[int, Leg] = {}
        self._events: list[Event] = []

    @staticmethod
    def for_job(
        benchmark: Benchmark, job: JobDir, options: LocalOptions, data: Mapping[str, Path], seed: int
    ) -> LocalBackend:
        """The back-end of a job. UsageError where the benchmark has nothing to run."""
        if benchmark.script is None:
            raise UsageError("the back-end local needs a benchmark with a training script")
        passed = {argument: str(place) for argument, place in data.items() if benchmark.data[argument].passed}
        num_workers = int(read_job(job).settings["num_workers"])
        gpus = None
        if not options.no_gpu_rotation:
            per_trial = 1.0 if options.num_gpus_per_trial is None else options.num_gpus_per_trial
            gpus = GpuRotation(find_gpus(os.environ), per_trial)
        for warning in too_many(num_workers, cpus(), gpus.capacity if gpus else None):
            logger.warning("%s", warning)
        return LocalBackend(
            script=benchmark.script,
            problem=benchmark.problem,
            job=job,
            extra_args=passed,
            calling=benchmark.calling,
            warm=not options.no_warm_workers,
            num_workers=num_workers,
            gpus=gpus,
            shared=inherited(),
        )

    def start(self, trial: Trial, until: int | None) -> None:
        """A process that cannot be started is reported as an exit with code 127.

        EnvironmentFault where the trial's folder cannot be written, or file descriptors run out: no other trial
        would fare better.
        """
        if trial.trial_id in self._legs:
            raise ValueError(f"trial {trial.trial_id} is running already")
        folder = self._job.trial(trial.trial_id)
        config = leg_config(self._problem, trial, until)
        with environment_faults(folder):
            folder.checkpoints.mkdir(parents=True, exist_ok=True)
            for name in ("end", "stop"):
                folder.stamp(name).unlink(missing_ok=True)
            write_json(folder.config, config)
            command = script_command(self._calling, self._script, {**config, **self._extra_args}, trial, folder)
        try:
            if not self._guard.is_open:
                self._orphans.end_earlier()
                self._guard.open()
                take_in(True)
            own = {**self._gpus.take(trial.trial_id), **self._orphans.mark(trial.trial_id, trial.leg)}
            leg = launch(trial, folder, lambda: self._starter.spawn(command, folder=folder.path, environment=own))
        except (OSError, ValueError) as error:
            self._gpus.give_back(trial.trial_id)
            self._cannot_start(trial, folder, error)
        else:
            self._watch(leg)

    def halt(self, trial: Trial, *, keep_checkpoint: bool) -> None:
        self._events = [event for event in self._events if event.trial_id != trial.trial_id]
        leg = self._legs.get(trial.trial_id)
        if leg is not None:
            kill_group(leg.process)
            self._end_killed(leg)
        if not keep_checkpoint:
            remove_checkpoints(self._job.trial(trial.trial_id))

    def wait(self, timeout: float | None) -> Sequence[Event]:
        """Also returns, without events, where `timeout` is None and no trial runs that could bring any."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._events and (self._legs or deadline is not None):
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            # One read for each ready pipe and round: a trial that floods neither starves others nor the deadline.
            for key, _ in self._selector.select(left):
                key.data()
            if left == 0.0:
                break
        self._guard.check()
        self._orphans.sweep({(leg.trial_id, leg.number): leg.process.pid for leg in self._legs.values()})
        events, self._events = self._events, []
        return events

    @property
    def left_behind(self) -> int:
        """Processes that trials left running when they ended."""
        return self._orphans.found

    def close(self) -> None:
        legs = list(self._legs.values())
        for leg in legs:
            kill_group(leg.process)
        for leg in legs:
            self._end_killed(leg)
        self._events.clear()
        self._starter.close()
        self._orphans.sweep({}, at_once=True)
        self._selector.close()
        self._guard.close()
        take_in(False)

    def _watch(self, leg: Leg) -> None:
        self._legs[leg.trial_id] = leg
        for stream in leg.streams:
            self._selector.register(stream.fd, selectors.EVENT_READ, partial(self._on_output, leg, stream))
        self._selector.register(leg.exit_fd, selectors.EVENT_READ, partial(self._on_exit, leg))
        self._guard.watch(leg.process.pid)

    def _cannot_start(self, trial: Trial, folder: TrialDir, error: OSError | ValueError) -> None:
        if isinstance(error, OSError) and error.errno in _HINTS:
            raise EnvironmentFault(f"trial {trial.trial_id}: {error}", hint=_HINTS[error.errno]) from error
        reason = f"cannot start {self._script}: {error}"
        with tolerated("the reason is not in the log"), folder.stderr.open("a") as file:
            file.write(f"{reason}\n")
        stamp(folder, "end")
        failure = classify(CANNOT_START, reason, oom_killed=False)
        self._events.append(Exited(trial.trial_id, trial.leg, self.clock.now(), CANNOT_START, reason, failure))

    def _on_output(self, leg: Leg, stream: Stream) -> None:
        if stream.closed:  # by the exit of the process, earlier in this round
            return
        self._report(leg, stream.pump())
        if stream.ended:
            self._release(stream)

    def _on_exit(self, leg: Leg) -> None:
        # First, so that a grandchild that holds the pipes open can neither delay the end nor go on without it.
        kill_group(leg.process)
        self._report(leg, leg.out.drain())
        leg.err.drain()
        code = leg.process.wait()
        self._orphans.count(leg.process.pid)
        self._forget(leg)
        stamp(leg.folder, "end")
        tail = leg.tail()
        failure = classify(code, tail, oom_killed=code != 0 and oom_kills() > leg.oom_kills_before)
        self._events.append(Exited(leg.trial_id, leg.number, self.clock.now(), code, tail, failure))

    def _report(self, leg: Leg, records: Sequence[Mapping[str, Any]]) -> None:
        at = self.clock.now()
        self._events += [Reported(leg.trial_id, leg.number, record, at) for record in records]

    def _end_killed(self, leg: Leg) -> None:
        reap(leg.process, leg.exit_fd)
        leg.out.drain()  # for the log; what it reported no longer counts
        leg.err.drain()
        self._forget(leg)
        stamp(leg.folder, "stop")

    def _forget(self, leg: Leg) -> None:
        for stream in leg.streams:
            if not stream.closed:
                self._release(stream)
        self._selector.unregister(leg.exit_fd)
        os.close(leg.exit_fd)
        self._guard.forget(leg.process.pid)
        self._gpus.give_back(leg.trial_id)
        self._orphans.leg_ended(leg.process.pid)
        del self._legs[leg.trial_id]

    def _release(self, stream: Stream) -> None:
        self._selector.unregister(stream.fd)
        stream.close()
