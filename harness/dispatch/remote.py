"""Experiments to SageMaker: every one accepted, none twice, whatever AWS refuses meanwhile."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.aws.jobs import QuotaFull
from harness.aws.placement import Placement
from harness.dispatch.folders import open_folder
from harness.dispatch.mirror import Mirror, RemoteJob, remote_job
from harness.dispatch.todo import Planned
from harness.jobdir import SweepDir
from harness.ledger.journal import Journal
from harness.plan.job import Job
from harness.results.status import read_status, write_open
from harness.runtime.sagemaker import SageMakerRuntime, placed

# Times that a training job which SageMaker could not place, or lost, is submitted again.
ATTEMPTS = 10
MAX_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Rules:
    """Attributes:
    wait: stay until all experiments have ended, and submit again what SageMaker could not place or lost.
    poll_seconds: between two looks at what runs, and two tries while a quota is full (then up to a minute).
    """

    wait: bool = False
    poll_seconds: float = 10.0


class RemoteLauncher:
    """Args:
    placement_of: where a job runs, its data sets uploaded.
    say: a line for people.
    label_of: short name of a job for people.
    interruption: why to end from outside, None while there is no reason.
    """

    def __init__(
        self,
        *,
        sweep: SweepDir,
        journal: Journal,
        runtime: SageMakerRuntime,
        mirror: Mirror,
        launch: Mapping[str, str],
        placement_of: Callable[[Job], Placement],
        say: Callable[[str], None],
        label_of: Callable[[Job], str],
        interruption: Callable[[], str | None],
        rules: Rules,
    ) -> None:
        self._sweep, self._journal = sweep, journal
        self._runtime, self._mirror = runtime, mirror
        self._launch_facts, self._placement_of = launch, placement_of
        self._say, self._label_of = say, label_of
        self._interruption, self._rules = interruption, rules
        self._open: dict[str, RemoteJob] = {}
        self._instances: Counter[str] = Counter()
        self._afresh: set[str] = set()
        self._told_of_quota = False
        self.states: dict[str, str] = {}
        self.accepted: list[Job] = []

    def run(self, todo: Sequence[Planned]) -> list[Planned]:
        """Launch them all; returns those that could not be before an interruption.

        The launched ones are in `accepted`; states of those that were seen to end in `states`, by job id.
        """
        waiting = deque(self._without_running(todo))
        pause = self._rules.poll_seconds
        while (waiting or (self._rules.wait and self._open)) and self._interruption() is None:
            before = len(waiting)
            self._launch_those_that_fit(waiting)
            if not waiting and not (self._rules.wait and self._open):
                break
            # A quota that stays full is asked less and less often.
            pause = (
                self._rules.poll_seconds
                if len(waiting) < before or not waiting
                else min(1.5 * pause, MAX_PAUSE_SECONDS)
            )
            self._sleep(pause)
            self._settle(waiting)
        return list(waiting)

    def _without_running(self, todo: Sequence[Planned]) -> list[Planned]:
        """What is to be launched: not what an earlier call did, whether it still runs or has ended well meanwhile."""
        known = {}
        for planned in todo:
            found = remote_job(self._sweep.job(planned.job.tuner_name)) if planned.open else None
            if found is not None:
                known[planned.job.tuner_name] = found
        seen = self._mirror.refresh(known.values())
        left = []
        for planned in todo:
            name = planned.job.tuner_name
            one = known.get(name)
            if one is None:
                left.append(planned)
            elif not one.ended and name in seen:
                self._open[name] = one
                self._say(f"{self._label_of(planned.job)}: runs already as {one.training_job}")
            elif one.ended:
                left += self._ended(one) or self._lacking(one, planned)
            else:  # the launcher died before SageMaker accepted it: the same name again, in case it did after all
                left.append(replace(planned, job=one.job))
        return left

    def _lacking(self, one: RemoteJob, planned: Planned) -> list[Planned]:
        """An experiment that an earlier call launched and that did not complete: stopped, or failed by itself."""
        if self.states[planned.job.job_id] == "completed":
            return []
        del self.states[planned.job.job_id]
        return [replace(planned, open=False, attempts=max(planned.attempts, int(one.job.launch["attempt"])))]

    def _launch_those_that_fit(self, waiting: deque[Planned]) -> None:
        """In their order, until a quota is full: of an interrupted launch it is then known where it got to."""
        while waiting and self._interruption() is None:
            planned = waiting.popleft()
            job = self._prepared(planned)
            try:
                self._submit(job)
            except QuotaFull as error:
                waiting.appendleft(replace(planned, job=job, open=True))
                if not self._told_of_quota:
                    self._told_of_quota = True
                    self._say(f"waiting: {error} (Ctrl-C to leave; the same command launches the rest)")
                return

    def _submit(self, job: Job) -> None:
        folder = self._sweep.job(job.tuner_name)
        new = self._runtime.submit(job, folder, afresh=job.tuner_name in self._afresh)
        self._open[job.tuner_name] = RemoteJob(job, folder)
        self.accepted.append(job)
        accepted = "accepted" if new else "was accepted before"
        self._say(f"{self._label_of(job)}: {accepted}: {job.launch['training_job']} on {job.launch['instance']}")

    def _prepared(self, planned: Planned) -> Job:
        """The job under its final name, in its folder and in the ledger. Done once, however often it is then tried."""
        if planned.open and "training_job" in planned.job.launch:
            return planned.job
        placement = self._placement_of(planned.job)
        attempt = planned.attempts + 1
        if read_status(self._sweep.job(planned.job.tuner_name)).get("state") == "failed":
            self._afresh.add(planned.job.tuner_name)
        job = replace(planned.job, launch=self._launch_facts)
        job = open_folder(self._sweep, job, planned.attempts, self._announce)
        return placed(job, placement, attempt=attempt, instance=self._instances[job.tuner_name])

    def _announce(self, job: Job) -> None:
        self._journal.append("submitting", job_id=job.job_id, tuner_name=job.tuner_name, **self._launch_facts)

    def _settle(self, waiting: deque[Planned]) -> None:
        """Look at what runs, all in one call; note what has ended."""
        self._mirror.refresh(self._open.values())
        for name in [name for name, one in self._open.items() if one.ended]:
            waiting.extend(self._ended(self._open.pop(name)))

    def _ended(self, one: RemoteJob) -> list[Planned]:
        """Note the end of an experiment; what of it is to be submitted again."""
        job, status = one.job, read_status(one.folder)
        details = self._mirror.details(one.training_job)
        attempt = int(job.launch["attempt"])
        if (details.lacks_capacity or details.service_fault) and attempt < ATTEMPTS:
            self._say(f"{self._label_of(job)}: {details.reason}; submitted again")
            self._instances[job.tuner_name] += int(details.lacks_capacity)
            write_open(one.folder)
            return [Planned(job, done=False, attempts=attempt, open=False)]
        self._mirror.fetch(one)
        self._journal.append("ended", job_id=job.job_id, tuner_name=job.tuner_name, state=status["state"])
        self._say(f"{self._label_of(job)}: {status['state']}: {status['reason']}")
        self.states[job.job_id] = str(status["state"])
        return []

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._interruption() is None:
            time.sleep(min(0.2, seconds))
