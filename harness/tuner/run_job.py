"""A job folder -> an outcome. The same entry point in every runtime."""

from __future__ import annotations

import contextlib
import errno
import logging
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.core.history import History
from harness.core.protocols import Backend
from harness.errors import EnvironmentFault, HarnessError
from harness.jobdir import JobDir
from harness.plan.experiment import ExperimentOptions
from harness.plan.job import Job, read_job
from harness.plan.show import method_name
from harness.results.metadata import metadata, write_metadata
from harness.results.recorder import Recorder
from harness.results.status import StatusFile, read_status, write_end
from harness.tuner.assemble import Experiment, assemble
from harness.tuner.interruption import Interruption
from harness.tuner.log import LogListener, logger
from harness.tuner.log_file import CappedLogFile
from harness.tuner.loop import Outcome, Tuner
from harness.tuner.replay import mend, replay

PATIENCE_SECONDS = 15.0
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
EXIT_CODES = {"completed": 0, "failed": 1, "stopped": 130}


def run_job(path: Path, data: Mapping[str, Path], parent: int | None = None) -> int:
    """Run the experiment of the job folder `path` to its end; returns the process's exit code.

    Args:
        data: argument of the training script -> folder of its data set, as this process sees it.
        parent: pid of the launcher, without which the experiment is to end; None to run on.
    """
    folder = JobDir(path)
    # One whose launcher was killed notices that within a second, and ends.
    with folder.exclusive(patience=PATIENCE_SECONDS if parent is not None else 0.0) as alone:
        if not alone:
            raise EnvironmentFault(f"another process runs the experiment in {path}")
        return _run_alone(folder, data, parent)


def _run_alone(folder: JobDir, data: Mapping[str, Path], parent: int | None) -> int:
    started = time.monotonic()
    try:
        job = read_job(folder)
        experiment = assemble(job.settings, data)
        history = History(experiment.benchmark.problem)
        status = StatusFile(folder, history)
        with _logging(folder, experiment.parts.experiment):
            outcome = _run(folder, job, experiment, history, status, data, Interruption(parent))
            logger.info("%s: %s after %.1f s", outcome.state, outcome.reason, time.monotonic() - started)
    except Exception as error:
        return _fail(folder, error)
    return EXIT_CODES[outcome.state]


def _fail(folder: JobDir, error: Exception) -> int:
    """Whoever launched the job learns of its end from the status file alone.

    What the machine lacks is no fault of the experiment, which can go on once that is mended.
    """
    machine = isinstance(error, EnvironmentFault) or (isinstance(error, OSError) and error.errno in DISK_ERRORS)
    foreseen = machine or isinstance(error, HarnessError)
    if not foreseen:
        traceback.print_exc()
    reason = str(error) if foreseen else f"{type(error).__name__}: {error}"
    try:
        write_end(folder, "stopped" if machine else "failed", reason)
    except OSError:  # the disk may be what is lacking
        print(f"error: {reason}", file=sys.stderr)
    return EnvironmentFault.exit_code if machine else EXIT_CODES["failed"]


def _run(
    folder: JobDir,
    job: Job,
    experiment: Experiment,
    history: History,
    status: StatusFile,
    data: Mapping[str, Path],
    interruption: Interruption,
) -> Outcome:
    problem = experiment.benchmark.problem
    goes_on = "resumes" in experiment.backend_plugin.capabilities and folder.events.exists()
    spent = float(read_status(folder).get("elapsed", 0.0)) if goes_on else 0.0
    if goes_on:
        mend(folder.events)
    else:
        folder.events.unlink(missing_ok=True)
        _describe(folder, job, experiment)
    interval = experiment.parts.experiment.results_update_interval
    buffered = "resumes" not in experiment.backend_plugin.capabilities
    recorder = Recorder(folder, problem.space.constants, interval, buffered=buffered)
    log = LogListener(history, experiment.parts.experiment)
    backend: Backend = experiment.backend_plugin.load().for_job(
        experiment.benchmark, folder, experiment.parts.backend, data, job.random_seed
    )
    tuner = Tuner(
        history=history,
        scheduler=experiment.scheduler,
        searcher=experiment.searcher,
        backend=backend,
        stopping=experiment.stopping,
        num_workers=experiment.parts.experiment.num_workers,
        listeners=(recorder, status, log),
        interruption=interruption,
        caps_starts=not experiment.stops_early,
        keep_checkpoints=getattr(experiment.parts.backend, "keep_checkpoints", False),
    )
    with interruption:
        try:
            replayed = replay(folder.events, history, recorder)
            backend.clock.advance_to(max(replayed.elapsed, spent))
            _leave_unknown(folder, history)
            if goes_on:
                logger.info("goes on after %.1f s: %s", backend.clock.now(), _standing(history))
            status.write("running", "", backend.clock.now())
            outcome = tuner.run(replayed.undone)
        finally:
            recorder.close()
    log.say_status(backend.clock.now())
    kept = [trial_id for trial_id in folder.trial_ids() if folder.trial(trial_id).checkpoints.exists()]
    if kept:
        logger.info("checkpoints of %d trials are kept in %s", len(kept), folder.path)
    status.write(outcome.state, outcome.reason, backend.clock.now())
    return outcome


def _describe(folder: JobDir, job: Job, experiment: Experiment) -> None:
    facts = metadata(
        job.settings,
        experiment.benchmark.problem,
        objectives=experiment.objectives,
        entrypoint=experiment.benchmark.entrypoint,
        job_id=job.job_id,
        tuner_name=job.tuner_name,
        method=method_name(job.settings),
    )
    write_metadata(folder, {**facts, **job.launch})


def _leave_unknown(folder: JobDir, history: History) -> None:
    """Remove the folders of trials whose start was not written down any more: they start again, from nothing."""
    for trial_id in folder.trial_ids():
        if trial_id not in history.trials:
            shutil.rmtree(folder.trial(trial_id).path)


def _standing(history: History) -> str:
    running = ", ".join(f"{trial.trial_id} from {trial.reached or 'its start'}" for trial in history.running())
    return f"{len(history.trials)} trials so far, in progress: {running or 'none'}"


@contextlib.contextmanager
def _logging(folder: JobDir, options: ExperimentOptions) -> Iterator[None]:
    """The experiment's log goes to a file of its folder, which whoever launched it follows."""
    handler = CappedLogFile(folder)
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
