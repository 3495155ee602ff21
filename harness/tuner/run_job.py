"""A job folder -> an outcome. The same entry point in every runtime."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from harness.core.history import History
from harness.core.protocols import Backend
from harness.jobdir import JobDir
from harness.plan.experiment import ExperimentOptions
from harness.plan.job import Job, read_job
from harness.plan.show import method_name
from harness.results.metadata import metadata, write_metadata
from harness.results.recorder import Recorder
from harness.results.status import StatusFile
from harness.tuner.assemble import Experiment, assemble
from harness.tuner.log import LogListener, logger
from harness.tuner.loop import Outcome, Tuner

EXIT_CODES = {"completed": 0, "failed": 1, "stopped": 130}


def run_job(path: Path, data: Mapping[str, Path]) -> int:
    """Run the experiment of the job folder `path` to its end; returns the process's exit code.

    Args:
        data: argument of the training script -> folder of its data set, as this process sees it.
    """
    folder = JobDir(path)
    started = time.monotonic()
    try:
        job = read_job(folder)
        experiment = assemble(job.settings)
        history = History(experiment.benchmark.problem)
        status = StatusFile(folder, history)
        with _logging(folder, experiment.parts.experiment):
            outcome = _run(folder, job, experiment, history, status, data)
            logger.info("%s: %s after %.1f s", outcome.state, outcome.reason, time.monotonic() - started)
    except Exception as error:
        # Whoever launched the job learns of its end from the status file alone.
        traceback.print_exc()
        StatusFile(folder, _no_history()).write(
            "failed", f"{type(error).__name__}: {error}", time.monotonic() - started
        )
        return 1
    return EXIT_CODES[outcome.state]


def _no_history() -> History:
    from harness.core.problem import Problem
    from harness.core.space import Space

    return History(Problem(Space({}), metric=""))


def _run(
    folder: JobDir, job: Job, experiment: Experiment, history: History, status: StatusFile, data: Mapping[str, Path]
) -> Outcome:
    problem = experiment.benchmark.problem
    facts = metadata(
        job.settings,
        problem,
        entrypoint=experiment.benchmark.script.stem,
        job_id=job.job_id,
        tuner_name=job.tuner_name,
        method=method_name(job.settings),
    )
    write_metadata(folder, facts)
    recorder = Recorder(folder, problem.space.constants)
    log = LogListener(history, experiment.parts.experiment)
    backend: Backend = experiment.backend_plugin.load()(
        script=experiment.benchmark.script,
        problem=problem,
        job=folder,
        extra_args={argument: str(place) for argument, place in data.items()},
    )
    tuner = Tuner(
        history=history,
        scheduler=experiment.scheduler,
        searcher=experiment.searcher,
        backend=backend,
        stopping=experiment.stopping,
        num_workers=experiment.parts.experiment.num_workers,
        listeners=(recorder, status, log),
        caps_starts=not experiment.stops_early,
    )
    with _interruptible(tuner):
        status.write("running", "", 0.0)
        try:
            outcome = tuner.run()
        finally:
            recorder.close()
    if not experiment.parts.experiment.no_tuner_logging:
        logger.info("%s", log.status(backend.clock.now()))
    status.write(outcome.state, outcome.reason, backend.clock.now())
    return outcome


@contextlib.contextmanager
def _interruptible(tuner: Tuner) -> Iterator[None]:
    """SIGTERM and SIGINT end the experiment in an orderly way: trials ended, results written."""

    def handle(number: int, frame: FrameType | None) -> None:
        tuner.interrupt(f"interrupted by {signal.Signals(number).name}")

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _logging(folder: JobDir, options: ExperimentOptions) -> Iterator[None]:
    """The experiment's log goes to a file of its folder, which whoever launched it follows."""
    handler = logging.FileHandler(folder.log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.setLevel(logging.DEBUG if options.debug_log_level else logging.INFO)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
        sys.stdout.flush()
